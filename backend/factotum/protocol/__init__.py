"""What is said between the parts and to the outside: messages, run events, plans. Frozen, tagged unions."""
