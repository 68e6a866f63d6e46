// runc on a machine that does not grant CAP_SYS_RESOURCE: takes it out of what a container asks for, which
// is a container that runs with a little less, instead of none.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const missing = "CAP_SYS_RESOURCE"

func main() {
	verb, bundle, process := "", ".", ""
	for i, argument := range os.Args {
		switch argument {
		case "create", "run", "exec":
			if verb == "" {
				verb = argument
			}
		case "--bundle", "-b":
			bundle = os.Args[i+1]
		case "--process", "-p":
			process = os.Args[i+1]
		}
	}
	var err error
	switch {
	case verb == "exec" && process != "":
		err = rewrite(process, func(document map[string]any) { drop(document) })
	case verb == "create" || verb == "run":
		err = rewrite(filepath.Join(bundle, "config.json"), func(document map[string]any) {
			if inner, isObject := document["process"].(map[string]any); isObject {
				drop(inner)
			}
		})
	}
	if err == nil {
		err = syscall.Exec("/usr/sbin/runc", append([]string{"runc"}, os.Args[1:]...), os.Environ())
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// drop takes the capability out of every set of a process.
func drop(process map[string]any) {
	sets, _ := process["capabilities"].(map[string]any)
	for name, set := range sets {
		kept := []any{}
		capabilities, _ := set.([]any)
		for _, capability := range capabilities {
			if capability != missing {
				kept = append(kept, capability)
			}
		}
		sets[name] = kept
	}
}

func rewrite(file string, change func(map[string]any)) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var document map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // large numbers stay as they are written
	if err := decoder.Decode(&document); err != nil {
		return err
	}
	change(document)
	text, err = json.Marshal(document)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}
