package main

func more() []byte {
	megabytes := make([]byte, 10<<20)
	for i := range megabytes {
		megabytes[i] = 1
	}
	return megabytes
}

func main() {
	var all [][]byte
	for {
		all = append(all, more())
	}
}
