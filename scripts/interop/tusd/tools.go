//go:build tools

// Package tools pins the tusd that scripts/interop.sh builds from the module proxy.
package tools

import _ "github.com/tus/tusd/v2/cmd/tusd"
