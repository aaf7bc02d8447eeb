"""The controllers of kube-controller-manager and the scheduler. They see API objects only, through verbs' client."""
