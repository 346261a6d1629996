#include "db/pool.h"

#include <libpq-fe.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <pqxx/pqxx>
#include <random>
#include <thread>
#include <vector>

namespace mes::db {
namespace {

constexpr int kMaxAttempts = 5;
constexpr auto kFirstBackoff = std::chrono::milliseconds(2);

std::string Quoted(std::string_view value) {
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

// The connection string with our settings. They stand in the start-up packet, not in SET statements: whatever reconnects has them
// too.
//   timezone, datestyle  instants travel as text in UTC (db/time.h)
//   jit                  our statements are short; compiling them costs more than running them
// plan_cache_mode stays `auto`: statements over sets are not prepared, so they are always planned with their values (db/row.h).
std::string ConnectionString(const PoolOptions& options) {
  char* problem = nullptr;
  PQconninfoOption* parsed = PQconninfoParse(options.url.c_str(), &problem);
  if (parsed == nullptr) {
    const std::string text = problem == nullptr ? "out of memory" : problem;
    PQfreemem(problem);
    throw std::invalid_argument("database URL: " + text);
  }
  std::string theirs;
  std::string connection;
  bool has_connect_timeout = false;
  for (const PQconninfoOption* option = parsed; option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string_view keyword = option->keyword;
    if (keyword == "options") {
      theirs = option->val;
    } else if (keyword != "application_name") {
      has_connect_timeout = has_connect_timeout || keyword == "connect_timeout";
      connection += std::string(keyword) + "=" + Quoted(option->val) + " ";
    }
  }
  PQconninfoFree(parsed);
  const std::string timeout = std::to_string(options.statement_timeout_ms);
  const std::string ours = " -c timezone=UTC -c datestyle=ISO -c jit=off -c statement_timeout=" + timeout;
  connection += "application_name='mesd' options=" + Quoted(theirs + ours);
  if (!has_connect_timeout) connection += " connect_timeout=5";
  return connection;
}

// Whether a failed statement means that the database cannot serve us now, rather than that the statement is wrong.
bool MeansUnavailable(const std::string& sqlstate) {
  const auto is = [&](std::string_view prefix) { return sqlstate.starts_with(prefix); };
  // Connection lost; resources short (disk full, too many connections); operator's intervention (shutdown, cancel); a standby
  // that does not write; a lock that did not come.
  return is("08") || is("53") || is("57") || is("58") || sqlstate == "25006" || sqlstate == "55P03";
}

void BackOff(int attempt) {
  thread_local std::minstd_rand random(std::random_device{}());
  const auto longest = kFirstBackoff * (1 << attempt);
  std::uniform_int_distribution<int64_t> jitter(0, std::chrono::microseconds(longest).count());
  std::this_thread::sleep_for(std::chrono::microseconds(jitter(random)));
}

}  // namespace

struct Pool::State {
  explicit State(PoolOptions pool_options) : options(std::move(pool_options)), connection_string(ConnectionString(options)) {}

  // A free connection, or a new one. `used` tells whether it served before, and so may have died since.
  std::unique_ptr<pqxx::connection> Take(bool& used) {
    {
      std::unique_lock lock(mutex);
      freed.wait(lock, [&] { return !idle.empty() || open < options.size; });
      if (!idle.empty()) {
        used = true;
        std::unique_ptr<pqxx::connection> connection = std::move(idle.back());
        idle.pop_back();
        return connection;
      }
      ++open;
    }
    used = false;
    try {
      return std::make_unique<pqxx::connection>(connection_string);
    } catch (const pqxx::failure& error) {
      Forget();
      throw Unavailable(std::string("the database cannot be reached: ") + error.what());
    } catch (...) {
      Forget();
      throw;
    }
  }

  void GiveBack(std::unique_ptr<pqxx::connection> connection) {
    {
      const std::lock_guard lock(mutex);
      idle.push_back(std::move(connection));
    }
    freed.notify_one();
  }

  void Forget() {
    {
      const std::lock_guard lock(mutex);
      --open;
    }
    freed.notify_one();
  }

  const PoolOptions options;
  const std::string connection_string;
  std::mutex mutex;
  std::condition_variable freed;
  std::vector<std::unique_ptr<pqxx::connection>> idle;
  int open = 0;
};

namespace {

// A connection out of the pool: goes back at the end unless it was condemned.
template <typename State>
class Lease {
 public:
  explicit Lease(State& state) : state_(state), connection_(state.Take(used_)) {}
  ~Lease() {
    if (good_) {
      state_.GiveBack(std::move(connection_));
    } else {
      connection_.reset();
      state_.Forget();
    }
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  pqxx::connection& connection() { return *connection_; }
  bool used() const { return used_; }
  void Condemn() { good_ = false; }

 private:
  State& state_;
  bool used_ = false;
  bool good_ = true;
  std::unique_ptr<pqxx::connection> connection_;
};

enum class Outcome { kDone, kRepeat, kStale };

// One attempt. kStale: the connection had died while it lay idle, and nothing was committed.
template <typename Work, typename State>
Outcome Attempt(State& state, const std::function<bool(Transaction&)>& body) {
  Lease lease(state);
  bool committing = false;
  try {
    Work work(lease.connection());
    Transaction transaction(work);
    if (!body(transaction)) return Outcome::kDone;
    committing = true;
    work.commit();
    return Outcome::kDone;
  } catch (const pqxx::in_doubt_error& error) {
    lease.Condemn();
    throw Unavailable(std::string("whether the commit happened is not known: ") + error.what());
  } catch (const pqxx::broken_connection& error) {
    lease.Condemn();
    if (lease.used() && !committing) return Outcome::kStale;
    throw Unavailable(std::string("the connection to the database broke: ") + error.what());
  } catch (const pqxx::sql_error& error) {
    if (!lease.connection().is_open()) lease.Condemn();
    if (!MeansUnavailable(error.sqlstate())) throw;
    lease.Condemn();
    if (error.sqlstate().starts_with("57P") && lease.used() && !committing) return Outcome::kStale;
    throw Unavailable(std::string("the database does not serve now: ") + error.what());
  } catch (const pqxx::statement_completion_unknown& error) {
    lease.Condemn();
    throw Unavailable(std::string("whether the statement happened is not known: ") + error.what());
  } catch (const pqxx::transaction_rollback&) {
    // A serialization failure or a deadlock: libpqxx 6.4 tells by the type, without the SQLSTATE.
    return Outcome::kRepeat;
  } catch (...) {
    // Whatever `body` threw: the connection may have broken under it.
    if (!lease.connection().is_open()) lease.Condemn();
    throw;
  }
}

template <typename Work, typename State>
void RunOn(State& state, const std::function<bool(Transaction&)>& body) {
  // As many idle connections as there are may be dead, after the database was restarted.
  int stale = 0;
  for (int attempt = 0; attempt < kMaxAttempts;) {
    switch (Attempt<Work>(state, body)) {
      case Outcome::kDone:
        return;
      case Outcome::kRepeat:
        BackOff(attempt++);
        break;
      case Outcome::kStale:
        if (++stale > state.options.size) throw Unavailable("the connections to the database broke");
        break;
    }
  }
  throw Unavailable("the transaction met others in its way too often");
}

}  // namespace

Pool::Pool(PoolOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Pool::~Pool() = default;

void Pool::Run(const std::function<bool(Transaction&)>& body) { RunOn<pqxx::transaction<pqxx::read_committed>>(*state_, body); }

void Pool::Read(const std::function<void(Transaction&)>& body) {
  RunOn<pqxx::transaction<pqxx::repeatable_read, pqxx::read_only>>(*state_, [&](Transaction& transaction) {
    body(transaction);
    return false;
  });
}

bool Pool::Healthy() {
  try {
    Read([](Transaction& transaction) { transaction.work().exec1("select 1"); });
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace mes::db
