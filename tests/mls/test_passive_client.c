/* The official passive clients: join by a Welcome, follow commits. */
#include "tests/mls/official.h"

TEST(passive_clients_join_by_welcome) {
    official_check("passive-client-welcome.json");
}

TEST(passive_clients_follow_commits) {
    official_check("passive-client-handling-commit.json");
}

TEST(passive_client_of_a_long_life) {
    official_check("passive-client-random.json");
}

TEST_MAIN
