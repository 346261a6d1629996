#include "domain/utilisation.h"

#include <algorithm>

namespace mes::domain {

OutputCounts& OutputCounts::operator+=(const OutputCounts& other) {
  started_micro += other.started_micro;
  good_micro += other.good_micro;
  scrapped_micro += other.scrapped_micro;
  reversed_micro += other.reversed_micro;
  consumed_micro += other.consumed_micro;
  received_micro += other.received_micro;
  return *this;
}

Utilisation UtilisationOf(const UtilisationTerms& terms) {
  const double produced = std::max(terms.produced, 0.0);
  Utilisation utilisation{terms, terms.capacity - produced - terms.committed, std::max(0.0, terms.elapsed - produced), 0};
  utilisation.available = utilisation.free - utilisation.unattainable;
  return utilisation;
}

UtilisationTerms operator+(const UtilisationTerms& left, const UtilisationTerms& right) {
  return {left.capacity + right.capacity, left.elapsed + right.elapsed, left.produced + right.produced,
          left.in_process + right.in_process, left.committed + right.committed};
}

UtilisationTerms operator*(const UtilisationTerms& terms, double factor) {
  return {terms.capacity * factor, terms.elapsed * factor, terms.produced * factor, terms.in_process * factor,
          terms.committed * factor};
}

}  // namespace mes::domain
