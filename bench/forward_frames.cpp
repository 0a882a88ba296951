// Forwards as many frames as its argument says to 200 receivers, in memory. Run under callgrind with two numbers: the
// difference in instructions, divided by the packets, is the cost of one forwarded packet without start-up.
#include <cstdio>
#include <cstdlib>

#include "bench/one_to_many.h"

int main(int argc, char** argv) {
  const long frames = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 100;
  bridgehall::bench::OneToMany conference(200);
  std::size_t datagrams = 0;
  for (long i = 0; i < frames; ++i) datagrams += conference.forward_frame();
  std::printf("%zu\n", datagrams);
}
