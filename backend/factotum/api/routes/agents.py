"""/v1/agents."""

from fastapi import APIRouter

from factotum.api.dependencies import AgentId, CallerIn, ContextIn, PageIn
from factotum.features.agents import AgentChange, AgentPage, NewAgent
from factotum.store.records import Agent

router = APIRouter(prefix="/v1/agents", tags=["agents"])


@router.post("", status_code=201, operation_id="create_agent", summary="Make an agent")
async def create_agent(body: NewAgent, caller: CallerIn, context: ContextIn) -> Agent:
    """Make an agent in your own account."""
    return await context.agents.create(caller, body)


@router.get("", operation_id="list_agents", summary="List agents")
async def list_agents(page: PageIn, caller: CallerIn, context: ContextIn) -> AgentPage:
    """List your agents, newest first."""
    return await context.agents.list(caller, page)


@router.get("/{agent_id}", operation_id="get_agent", summary="Read an agent")
async def get_agent(agent_id: AgentId, caller: CallerIn, context: ContextIn) -> Agent:
    """Read one agent."""
    return await context.agents.get(caller, agent_id)


@router.patch("/{agent_id}", operation_id="update_agent", summary="Change an agent")
async def update_agent(agent_id: AgentId, body: AgentChange, caller: CallerIn, context: ContextIn) -> Agent:
    """Change what is given; what is left out stays."""
    return await context.agents.change(caller, agent_id, body)


@router.delete("/{agent_id}", status_code=204, operation_id="delete_agent", summary="Delete an agent")
async def delete_agent(agent_id: AgentId, caller: CallerIn, context: ContextIn) -> None:
    """Delete an agent; threads and runs that named it stay."""
    await context.agents.delete(caller, agent_id)
