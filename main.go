// Spinscope shows and serves live candles of SpinPet tokens on Solana.
package main

import (
	"os"

	"spinscope/app"
	"spinscope/backend/cli"
	"spinscope/frontend"
)

func main() {
	assets := frontend.Assets()
	if code, asked := app.Further(os.Args[1:], assets); asked {
		os.Exit(code)
	}

	os.Exit(cli.Main(os.Args[1:], cli.Program{
		Assets: assets,
		Window: app.Run,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		Env:    os.Environ(),
	}))
}
