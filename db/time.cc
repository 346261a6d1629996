#include "db/time.h"

#include <stdexcept>

namespace mes::db {
namespace {

void PutDigits(char* at, int count, unsigned value) {
  for (int i = count - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

int Digits(std::string_view text, size_t from, size_t count) {
  int value = 0;
  for (size_t i = from; i < from + count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') {
      throw std::invalid_argument("not a timestamp in UTC: " + std::string(text));
    }
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

std::string TimeText(domain::Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto micros = static_cast<uint64_t>((time - day).count());
  const auto seconds = static_cast<unsigned>(micros / 1'000'000);
  std::string text = "0000-00-00T00:00:00.000000Z";
  PutDigits(&text[0], 4, static_cast<unsigned>(static_cast<int>(date.year())));
  PutDigits(&text[5], 2, static_cast<unsigned>(date.month()));
  PutDigits(&text[8], 2, static_cast<unsigned>(date.day()));
  PutDigits(&text[11], 2, seconds / 3600);
  PutDigits(&text[14], 2, seconds / 60 % 60);
  PutDigits(&text[17], 2, seconds % 60);
  PutDigits(&text[20], 6, static_cast<unsigned>(micros % 1'000'000));
  return text;
}

domain::Time ParseTimeText(std::string_view text) {
  constexpr size_t kToSeconds = 19;
  if (text.size() < kToSeconds + 3 || text.substr(text.size() - 3) != "+00") {
    throw std::invalid_argument("not a timestamp in UTC: " + std::string(text));
  }
  const std::chrono::year_month_day date{std::chrono::year(Digits(text, 0, 4)),
                                         std::chrono::month(static_cast<unsigned>(Digits(text, 5, 2))),
                                         std::chrono::day(static_cast<unsigned>(Digits(text, 8, 2)))};
  int64_t micros = (Digits(text, 11, 2) * 3600LL + Digits(text, 14, 2) * 60 + Digits(text, 17, 2)) * 1'000'000;
  if (text[kToSeconds] == '.') {
    const size_t digits = text.size() - kToSeconds - 4;
    int64_t fraction = Digits(text, kToSeconds + 1, digits);
    for (size_t i = digits; i < 6; ++i) fraction *= 10;
    micros += fraction;
  }
  return domain::Time(std::chrono::sys_days(date).time_since_epoch() + domain::Duration(micros));
}

}  // namespace mes::db
