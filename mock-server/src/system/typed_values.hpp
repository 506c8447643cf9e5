// A value for each of several types. Whoever carries it need not know them: what a system reads of
// a profile, is set to, and makes of its files is known to that system alone.
#pragma once

#include <any>
#include <map>
#include <typeindex>

namespace mock {

/// A type that was never set has its default. A value type.
class TypedValues {
 public:
  template <class T>
  [[nodiscard]] const T& get() const {
    static const T initial{};
    const auto found = values_.find(typeid(T));
    return found == values_.end() ? initial : *std::any_cast<T>(&found->second);
  }
  template <class T>
  [[nodiscard]] T& get() {
    auto& value = values_[typeid(T)];
    if (!value.has_value()) value.emplace<T>();
    return *std::any_cast<T>(&value);
  }

  /// Takes over the values of types that were not set here.
  void add(const TypedValues& others) {
    values_.insert(others.values_.begin(), others.values_.end());
  }

 private:
  std::map<std::type_index, std::any> values_;
};

}  // namespace mock
