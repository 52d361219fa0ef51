"""BPMN: a model of the Camunda 8 dialect, read and run by SpiffWorkflow with specs of our own."""

from engine.bpmn.environment import Environment, ServiceCall
from engine.bpmn.model import ElementInfo, Model
from engine.bpmn.occurrences import Occurrence
from engine.bpmn.run import OpenTask, Run, Wait

__all__ = ["ElementInfo", "Environment", "Model", "Occurrence", "OpenTask", "Run", "ServiceCall", "Wait"]
