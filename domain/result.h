// Results of operations that can be refused.
//
// A broken rule is a value, never an exception: callers must look at it. Exceptions end a request only where nobody can decide
// (database gone, bad configuration) and are caught in one place, services/rpc.h.
#pragma once

#include <utility>

#include <tl/expected.hpp>

#include "domain/error.h"

namespace mes::domain {

template <typename T>
using Result = tl::expected<T, Error>;

// Status without a value.
using Status = tl::expected<void, Error>;

inline tl::unexpected<Error> Fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace mes::domain
