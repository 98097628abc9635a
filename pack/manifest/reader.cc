#include "pack/manifest/reader.h"
