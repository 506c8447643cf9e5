// Which header fields of an exchange the journal keeps: what is worth a look in a test of uploads.
// Everything else, credentials above all, is left out.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "protocol/http/fields.hpp"
#include "protocol/units.hpp"
#include "system/registered.hpp"

namespace mock {

/// HTTP's own and those of some systems. Made once: each field of each exchange is looked up here.
/// From any thread.
class RecordedFields {
 public:
  explicit RecordedFields(std::span<const RegisteredSystem> systems);
  /// Of every system that is registered.
  [[nodiscard]] static const RecordedFields& of_all_systems();

  // The usual spelling; empty: it is not kept.
  [[nodiscard]] std::string_view in_request(std::string_view name) const {
    return request_.find(name);
  }
  [[nodiscard]] std::string_view in_trailers(std::string_view name) const {
    return trailers_.find(name);
  }
  [[nodiscard]] std::string_view in_reply(std::string_view name) const { return reply_.find(name); }
  /// nullopt: none of the systems reads one there.
  [[nodiscard]] std::optional<Bytes> offset_in(const ::http::Fields& fields) const;

 private:
  class Names {
   public:
    void add(std::span<const std::string_view> names);
    [[nodiscard]] std::string_view find(std::string_view name) const {
      if (name.size() >= by_size_.size()) return {};
      for (const auto& known : by_size_[name.size()]) {
        if (::http::same_letters(known, name)) return known;
      }
      return {};
    }

   private:
    std::vector<std::vector<std::string_view>> by_size_;
  };

  Names request_;
  Names trailers_;
  Names reply_;
  std::vector<JournalFields::Offset> offsets_;
};

}  // namespace mock
