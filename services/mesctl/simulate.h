// `mesctl simulate`: the whole reference plant as a few hundred station clients. Loads the plant, plans a story from the seed,
// tells it to the server, prints what happened and holds it against the server's books: any difference is an error exit. Run
// again with the same seed it goes on where the server's cursors stand, and ends the same.
#pragma once

#include <CLI/CLI.hpp>

#include "services/mesctl/client.h"

namespace mes::mesctl {

void AddSimulate(CLI::App& app, const Connection& connection);

}  // namespace mes::mesctl
