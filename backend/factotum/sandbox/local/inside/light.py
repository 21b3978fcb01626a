"""Signals and prctl(2) without the modules that wrap them: those take longer to import than Python to start.

`signal` drags in `enum`, and `ctypes` much else; what is used of them here is in C.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal

    def prctl(option: int, *values: int) -> int:
        """Call prctl(2)."""
        ...

else:
    import _signal as signal

    try:
        import _ctypes

        class _Int(_ctypes._SimpleCData):
            _type_ = "i"

        class _Function(_ctypes.CFuncPtr):
            _flags_ = _ctypes.FUNCFLAG_CDECL
            _restype_ = _Int

        prctl = _Function(_ctypes.dlsym(_ctypes.dlopen(None, 0), "prctl"))
    except (AttributeError, OSError, TypeError):  # a Python whose inner parts differ
        import ctypes

        prctl = ctypes.CDLL(None).prctl

__all__ = ["prctl", "signal"]
