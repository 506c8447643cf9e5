// Decodes manifests as the Kubernetes API server does with strict field validation: an unknown key,
// a key that occurs twice, or a value of the wrong type is an error. Prints the kind and name of
// each object.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
)

func decode(file string, codecs serializer.CodecFactory) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	documents := yaml.NewYAMLReader(bufio.NewReader(in))
	for {
		text, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		object, kind, err := codecs.UniversalDeserializer().Decode(text, nil, nil)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		named, err := meta.Accessor(object)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		fmt.Printf("%s: %s %s\n", file, kind.Kind, named.GetName())
	}
}

func main() {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{batchv1.AddToScheme, corev1.AddToScheme} {
		if err := add(scheme); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	codecs := serializer.NewCodecFactory(scheme, serializer.EnableStrict)
	for _, file := range os.Args[1:] {
		if err := decode(file, codecs); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
