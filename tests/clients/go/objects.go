package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"context"
)

func discovery(c *client) (any, error) {
	version, err := c.typed.Discovery().ServerVersion()
	if err != nil {
		return nil, err
	}
	groups, err := c.typed.Discovery().ServerPreferredResources()
	if err != nil {
		return nil, err
	}
	var kinds []string
	for _, group := range groups {
		for _, one := range group.APIResources {
			kinds = append(kinds, group.GroupVersion+"/"+one.Kind)
		}
	}
	return map[string]any{"minor": version.Minor, "has_deployments": slices.Contains(kinds, "apps/v1/Deployment")}, nil
}

// The Pods that later steps talk to.
func pods(c *client) (any, error) {
	made := []*core.Pod{
		newPod("box", core.Container{Image: "nginx"}),
		newPod("five", core.Container{Image: "busybox", Command: []string{"sh", "-c", "seq 1 5; exec sleep 3600"}}),
		newPod("ticker", core.Container{Image: "busybox", Command: []string{"sh", "-c", "while true; do echo tick; sleep 0.2; done"}}),
		newPod("parrot", core.Container{
			Image: "busybox", Stdin: true, Command: []string{"sh", "-c", "while read line; do echo you said $line; done"},
		}),
	}
	phases := map[string]any{}
	for _, pod := range made {
		if _, err := c.typed.CoreV1().Pods(c.namespace).Create(c.ctx, pod, meta.CreateOptions{}); err != nil {
			return nil, err
		}
	}
	for _, pod := range made {
		phase, err := running(c, pod.Name)
		if err != nil {
			return nil, err
		}
		phases[pod.Name] = phase
	}
	return phases, nil
}

func newPod(name string, container core.Container) *core.Pod {
	container.Name = "main"
	return &core.Pod{ObjectMeta: meta.ObjectMeta{Name: name}, Spec: core.PodSpec{Containers: []core.Container{container}}}
}

// Watches from the beginning until the Pod is Ready.
func running(c *client, name string) (core.PodPhase, error) {
	selector := fields.OneTermEqualSelector("metadata.name", name).String()
	watching, err := c.typed.CoreV1().Pods(c.namespace).Watch(c.ctx, meta.ListOptions{FieldSelector: selector})
	if err != nil {
		return "", err
	}
	defer watching.Stop()
	for event := range watching.ResultChan() {
		pod, ok := event.Object.(*core.Pod)
		if !ok {
			return "", fmt.Errorf("%s event with a %T", event.Type, event.Object)
		}
		for _, condition := range pod.Status.Conditions {
			if condition.Type == core.PodReady && condition.Status == core.ConditionTrue {
				return pod.Status.Phase, nil
			}
		}
	}
	return "", errors.New("the watch ended before the Pod was ready")
}

// Requests in protobuf, as controllers and newer kubectls send them; answers in whatever the server has.
func protobuf(c *client) (any, error) {
	config := rest.CopyConfig(c.config)
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	made, err := typed.CoreV1().ConfigMaps(c.namespace).Create(c.ctx, newConfigMap("binary"), meta.CreateOptions{})
	if err != nil {
		return nil, err
	}
	read, err := typed.CoreV1().ConfigMaps(c.namespace).Get(c.ctx, made.Name, meta.GetOptions{})
	if err != nil {
		return nil, err
	}
	return read.Data, nil
}

func newConfigMap(name string) *core.ConfigMap {
	return &core.ConfigMap{
		ObjectMeta: meta.ObjectMeta{Name: name, Labels: map[string]string{"color": "blue"}},
		Data:       map[string]string{"key": "value"},
	}
}

func patch(c *client) (any, error) {
	maps := c.typed.CoreV1().ConfigMaps(c.namespace)
	if _, err := maps.Create(c.ctx, newConfigMap("patched"), meta.CreateOptions{}); err != nil {
		return nil, err
	}
	patches := []struct {
		kind types.PatchType
		body string
	}{
		{types.JSONPatchType, `[{"op":"replace","path":"/data/key","value":"json"}]`},
		{types.MergePatchType, `{"data":{"merge":"yes"}}`},
		{types.StrategicMergePatchType, `{"metadata":{"labels":{"color":null,"size":"big"}}}`},
	}
	for _, one := range patches {
		if _, err := maps.Patch(c.ctx, "patched", one.kind, []byte(one.body), meta.PatchOptions{}); err != nil {
			return nil, err
		}
	}
	read, err := maps.Get(c.ctx, "patched", meta.GetOptions{})
	if err != nil {
		return nil, err
	}
	return map[string]any{"data": read.Data, "labels": read.Labels}, nil
}

func conflict(c *client) (any, error) {
	maps := c.typed.CoreV1().ConfigMaps(c.namespace)
	first, err := maps.Create(c.ctx, newConfigMap("contested"), meta.CreateOptions{})
	if err != nil {
		return nil, err
	}
	second := first.DeepCopy()
	first.Data["key"] = "first"
	if _, err = maps.Update(c.ctx, first, meta.UpdateOptions{}); err != nil {
		return nil, err
	}
	second.Data["key"] = "second"
	_, err = maps.Update(c.ctx, second, meta.UpdateOptions{})
	_, missing := maps.Get(c.ctx, "missing", meta.GetOptions{})
	return map[string]any{"conflict": apierrors.IsConflict(err), "not_found": apierrors.IsNotFound(missing)}, nil
}

func watch(c *client) (any, error) {
	maps := c.typed.CoreV1().ConfigMaps(c.namespace)
	listed, err := maps.List(c.ctx, meta.ListOptions{Limit: 1})
	if err != nil {
		return nil, err
	}
	watching, err := maps.Watch(c.ctx, meta.ListOptions{
		ResourceVersion: listed.ResourceVersion, FieldSelector: "metadata.name=watched", AllowWatchBookmarks: true,
	})
	if err != nil {
		return nil, err
	}
	defer watching.Stop()
	made, err := maps.Create(c.ctx, newConfigMap("watched"), meta.CreateOptions{})
	if err != nil {
		return nil, err
	}
	made.Data["key"] = "new"
	if _, err = maps.Update(c.ctx, made, meta.UpdateOptions{}); err != nil {
		return nil, err
	}
	if err = maps.Delete(c.ctx, "watched", meta.DeleteOptions{}); err != nil {
		return nil, err
	}
	var seen []string
	for event := range watching.ResultChan() {
		seen = append(seen, string(event.Type))
		if event.Type == "DELETED" {
			return seen, nil
		}
	}
	return nil, fmt.Errorf("the watch ended after %v", seen)
}

func informer(c *client) (any, error) {
	factory := informers.NewSharedInformerFactoryWithOptions(c.typed, 0, informers.WithNamespace(c.namespace))
	lister := factory.Core().V1().ConfigMaps()
	added := make(chan string, 100)
	_, err := lister.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) { added <- object.(*core.ConfigMap).Name },
	})
	if err != nil {
		return nil, err
	}
	factory.Start(c.ctx.Done())
	if !cache.WaitForCacheSync(c.ctx.Done(), lister.Informer().HasSynced) {
		return nil, errors.New("the cache did not sync")
	}
	if _, err = c.typed.CoreV1().ConfigMaps(c.namespace).Create(c.ctx, newConfigMap("informed"), meta.CreateOptions{}); err != nil {
		return nil, err
	}
	for {
		select {
		case name := <-added:
			if name == "informed" {
				kept, err := lister.Lister().ConfigMaps(c.namespace).Get(name)
				if err != nil {
					return nil, err
				}
				return kept.Data, nil
			}
		case <-c.ctx.Done():
			return nil, c.ctx.Err()
		}
	}
}

func generic(c *client) (any, error) {
	maps := c.dynamic.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace(c.namespace)
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "generic"}, "data": map[string]any{"key": "value"},
	}}
	if _, err := maps.Create(c.ctx, object, meta.CreateOptions{}); err != nil {
		return nil, err
	}
	read, err := maps.Get(c.ctx, "generic", meta.GetOptions{})
	if err != nil {
		return nil, err
	}
	return read.Object["data"], nil
}

func election(c *client) (any, error) {
	lock, err := resourcelock.New(
		resourcelock.LeasesResourceLock, c.namespace, "leader", c.typed.CoreV1(), c.typed.CoordinationV1(),
		resourcelock.ResourceLockConfig{Identity: "one"},
	)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock: lock, LeaseDuration: 3 * time.Second, RenewDeadline: 2 * time.Second, RetryPeriod: 200 * time.Millisecond,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { time.Sleep(500 * time.Millisecond); cancel() },
			OnStoppedLeading: func() {},
		},
	})
	lease, err := c.typed.CoordinationV1().Leases(c.namespace).Get(c.ctx, "leader", meta.GetOptions{})
	if err != nil {
		return nil, err
	}
	return *lease.Spec.HolderIdentity, nil
}
