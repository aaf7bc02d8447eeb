"""Who is behind a Service: Endpoints, EndpointSlices, and the Service `default/kubernetes` itself; and the addresses before it."""

from orrery.controllers.services.apiserver import KubernetesServiceController
from orrery.controllers.services.endpoints import EndpointsController
from orrery.controllers.services.load_balancers import LoadBalancerController
from orrery.controllers.services.mirroring import EndpointSliceMirroringController
from orrery.controllers.services.slices import EndpointSliceController

__all__ = [
    "EndpointSliceController",
    "EndpointSliceMirroringController",
    "EndpointsController",
    "KubernetesServiceController",
    "LoadBalancerController",
]
