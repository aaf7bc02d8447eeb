// Plays the story of tests/clients/test_official_clients.py with client-go and prints what each step saw as one JSON object.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const stepTime = 300 * time.Second

type client struct {
	config    *rest.Config
	typed     kubernetes.Interface
	dynamic   dynamic.Interface
	namespace string
	ctx       context.Context
}

type step func(*client) (any, error)

func main() {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	check(err)
	config.QPS, config.Burst = 1000, 1000
	typed, err := kubernetes.NewForConfig(config)
	check(err)
	untyped, err := dynamic.NewForConfig(config)
	check(err)

	steps := []struct {
		name string
		run  step
	}{
		{"discovery", discovery},
		{"pods", pods},
		{"protobuf", protobuf},
		{"patch", patch},
		{"conflict", conflict},
		{"watch", watch},
		{"informer", informer},
		{"generic", generic},
		{"election", election},
		{"logs", logs},
		{"follow", follow},
		{"exec", execWebSocket},
		{"exec_spdy", execSPDY},
		{"exec_stdin", execStdin},
		{"exec_tty", execTTY},
		{"exec_missing", execMissing},
		{"attach", attach},
		{"copy", copyBothWays},
		{"forward", forwardWebSocket},
		{"forward_spdy", forwardSPDY},
		{"forward_refused", forwardRefused},
		{"proxy", proxy},
	}
	told := map[string]any{}
	for _, one := range steps {
		ctx, cancel := context.WithTimeout(context.Background(), stepTime)
		result, err := one.run(&client{config, typed, untyped, os.Getenv("NAMESPACE"), ctx})
		cancel()
		if err != nil {
			result = map[string]any{"failed": err.Error()}
		}
		told[one.name] = result
	}
	check(json.NewEncoder(os.Stdout).Encode(told))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
