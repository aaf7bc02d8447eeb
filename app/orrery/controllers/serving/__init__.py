"""What the API server says of its own configuration: which APIs are available, which flows have a level, which definitions may go."""

from orrery.controllers.serving.apiservices import ApiServiceController
from orrery.controllers.serving.definitions import DefinitionController
from orrery.controllers.serving.flow_schemas import FlowSchemaController

__all__ = ["ApiServiceController", "DefinitionController", "FlowSchemaController"]
