/* The codec against the vector lengths that the MLS working group publishes. */
#include "tests/mls/official.h"

TEST(published_vector_lengths_are_read_and_written) {
    official_check("deserialization.json");
}

TEST_MAIN
