"""What a cluster consists of and keeps besides: nodes, namespaces, configuration, events, quotas, classes of Pods."""
