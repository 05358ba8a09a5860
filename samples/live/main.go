// A client as many services are: it fetches the URLs it is given and logs a trace of each call.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"

	"example.com/live/tracelog"
)

func main() {
	client := &http.Client{Transport: tracelog.Transport{}}
	for _, url := range os.Args[1:] {
		resp, err := client.Get(url)
		if err != nil {
			fmt.Println(err)
			continue
		}
		n, err := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		fmt.Println(url, resp.Status, n, "bytes", err)
	}
}
