// Grows without limit, in steps of about a megabyte.
function more() {
  return Array.from({ length: 10000 }, (_, number) => [number]);
}

const kept = [];
for (;;) {
  kept.push(more());
}
