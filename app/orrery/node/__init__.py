"""The simulated kubelet: takes bound Pods through their life and reports status. Sees API objects only, through verbs' client."""
