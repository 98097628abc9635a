// Waiting for something for a bounded time.
#pragma once

// Of a clock that nobody sets.
long milliseconds_now(void);

void pause_milliseconds(long milliseconds);
