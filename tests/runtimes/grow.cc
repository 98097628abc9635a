// Grows without limit, in steps of a megabyte.
#include <list>
#include <vector>

int main() {
  std::list<std::vector<char>> kept;
  while (true) kept.emplace_back(1 << 20, 'x');
}
