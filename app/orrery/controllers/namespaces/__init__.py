"""What a namespace needs when it comes (a default account, the root CA) and what must go when it goes."""

from orrery.controllers.namespaces.accounts import RootCertificateController, ServiceAccountController
from orrery.controllers.namespaces.deletion import NamespaceController

__all__ = ["NamespaceController", "RootCertificateController", "ServiceAccountController"]
