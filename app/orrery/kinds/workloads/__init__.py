"""What makes Pods and watches over them: sets, Jobs, autoscalers, disruption budgets."""
