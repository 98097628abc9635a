// Keeps 100 MB alive, and makes 2 GB of garbage beside it. Go's collector lets
// the heap grow to twice what is alive, unless it knows of a limit.
package main

import "fmt"

const megabyte = 1 << 20

func block() []byte {
	bytes := make([]byte, megabyte)
	for i := range bytes {
		bytes[i] = byte(i)
	}
	return bytes
}

func main() {
	kept := make([][]byte, 100)
	for i := 0; i < 2000; i++ {
		kept[i%len(kept)] = block()
	}
	alive := 0
	for _, bytes := range kept {
		alive += len(bytes)
	}
	fmt.Println(alive/megabyte, "megabytes are alive")
}
