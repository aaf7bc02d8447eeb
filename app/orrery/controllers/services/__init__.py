"""Who is behind a Service: Endpoints, EndpointSlices, and the Service `default/kubernetes` itself."""

from orrery.controllers.services.apiserver import KubernetesServiceController
from orrery.controllers.services.endpoints import EndpointsController
from orrery.controllers.services.slices import EndpointSliceController

__all__ = ["EndpointSliceController", "EndpointsController", "KubernetesServiceController"]
