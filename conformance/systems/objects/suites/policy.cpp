// What signs a form, and what its policy says (area objects-policy).
#include <fmt/format.h>

#include <algorithm>

#include "objects/vocabulary.hpp"
#include "protocol/base64.hpp"
#include "protocol/digest.hpp"

namespace conformance::suites {
namespace {

using obj::Draft;
using obj::Json;
using obj::PostForm;

constexpr const char* meta = "x-amz-meta-dex";

PostForm with_wrong_signature(PostForm form) {
  const auto name = obj::signature_field(form);
  auto signature = obj::field(form, name);
  std::ranges::reverse(signature);
  obj::set_field(form, name, signature);
  return form;
}

/// A form that `bend` changes before it is signed.
template <class Bend>
PostForm bent(Context& c, const Bend& bend) {
  auto draft = obj::draft(c);
  bend(draft);
  return obj::signed_form(c, std::move(draft));
}

template <class Bend>
Outcome bent_is_refused(Context& c, int status, std::string_view error, const Bend& bend) {
  return obj::form_refused(c, bent(c, bend), status, error);
}

template <class Bend>
Outcome no_policy(Context& c, const Bend& bend) {
  return bent_is_refused(c, 400, "InvalidPolicyDocument", bend);
}

template <class Bend>
Outcome not_allowed(Context& c, const Bend& bend) {
  return bent_is_refused(c, 403, "AccessDenied", bend);
}

// ---- who signed ---------------------------------------------------------------------------------

Outcome policy_with_wrong_signature_is_403(Context& c) {
  return obj::form_refused(c, with_wrong_signature(obj::good_form(c)), 403,
                           "SignatureDoesNotMatch");
}

Outcome signature_covers_policy_as_sent(Context& c) {
  auto form = obj::good_form(c);
  auto policy = obj::field(form, "policy");
  policy.pop_back();
  obj::set_field(form, "policy", policy);
  return obj::form_refused(c, form, 403, "SignatureDoesNotMatch");
}

void expire(Draft& draft) { draft.policy["expiration"] = "2007-12-01T12:00:00Z"; }

Outcome signature_is_judged_before_expiration(Context& c) {
  return obj::form_refused(c, with_wrong_signature(bent(c, expire)), 403, "SignatureDoesNotMatch");
}

Outcome policy_of_unknown_key_is_403(Context& c) {
  auto form = obj::good_form(c);
  obj::set_field(form, "AWSAccessKeyId", "AKIADEXCONFORMANCE00");
  const auto credential = obj::field(form, "x-amz-credential");
  const auto scope = credential.find('/');
  if (scope != std::string::npos) {
    obj::set_field(form, "x-amz-credential", "AKIADEXCONFORMANCE00" + credential.substr(scope));
  }
  return obj::form_refused(c, form, 403, "InvalidAccessKeyId");
}

Outcome signed_by(Context& c, Version version) {
  obj::need(c, version);
  return obj::form_taken(c, obj::signed_form(c, obj::draft(c), version));
}
Outcome version_4_policy_is_taken(Context& c) { return signed_by(c, Version::v4); }
Outcome version_2_policy_is_taken(Context& c) { return signed_by(c, Version::v2); }

Outcome unsigned_form_is_403(Context& c) {
  auto form = obj::good_form(c);
  std::erase_if(form.fields, [](const auto& field) {
    return !http::same_name(field.first, "key") && !http::same_name(field.first, "policy");
  });
  return obj::form_refused(c, form, 403, "AccessDenied");
}

Outcome wrong_signature_tells_what_was_signed(Context& c) {
  obj::need_forms(c);
  const auto response = obj::post(c, with_wrong_signature(obj::good_form(c)));
  if (!obj::refuses(response, 403, "SignatureDoesNotMatch")) {
    stop_blocked("403 SignatureDoesNotMatch", obj::told(response));
  }
  Findings findings{"AWSAccessKeyId, StringToSign and SignatureProvided are told"};
  for (const char* name : {"AWSAccessKeyId", "StringToSign", "SignatureProvided"}) {
    const bool there = !obj::detail(response, name).empty();
    findings.check(there, there ? name : fmt::format("no {}", name));
  }
  return findings.outcome();
}

// ---- what is no policy --------------------------------------------------------------------------

Outcome other_form_of_expiration_is_400(Context& c) {
  return no_policy(c, [](Draft& draft) { draft.policy["expiration"] = "2036-01-01 00:00:00"; });
}

Outcome policy_without_expiration_is_400(Context& c) {
  return no_policy(c, [](Draft& draft) { draft.policy.erase("expiration"); });
}

Outcome policy_without_conditions_is_400(Context& c) {
  return no_policy(c, [](Draft& draft) { draft.policy.erase("conditions"); });
}

void rename(Json& policy, const char* from, const char* to) {
  policy[to] = policy[from];
  policy.erase(from);
}

Outcome policy_member_names_have_case(Context& c) {
  obj::need_forms(c);
  Findings findings{"CONDITIONS and EXPIRATION: 400 InvalidPolicyDocument"};
  for (const auto& [from, to] :
       {std::pair{"conditions", "CONDITIONS"}, {"expiration", "EXPIRATION"}}) {
    const auto form =
        bent(c, [from = from, to = to](Draft& draft) { rename(draft.policy, from, to); });
    const auto response = obj::post(c, form);
    findings.check(obj::refuses(response, 400, "InvalidPolicyDocument"),
                   fmt::format("{}: {}", to, obj::told(response)));
  }
  return findings.outcome();
}

Outcome empty_condition_is_400(Context& c) {
  return no_policy(c, [](Draft& draft) { obj::add_condition(draft, Json::object()); });
}

Outcome simple_condition_of_two_is_400(Context& c) {
  return no_policy(c, [](Draft& draft) {
    obj::add_condition(draft, {{"x-amz-meta-one", "1"}, {"x-amz-meta-two", "2"}});
  });
}

Outcome policy_not_json_is_400(Context& c) {
  return obj::form_refused(c, obj::signed_form(c, obj::draft(c), std::string{"{\"expiration\""}),
                           400, "InvalidPolicyDocument");
}

// ---- conditions ---------------------------------------------------------------------------------

Outcome expired_policy_is_403(Context& c) {
  return not_allowed(c, [](Draft& draft) { expire(draft); });
}

/// A field, and a condition that wants something else of it.
PostForm with_other_value(Context& c, const char* value, Json condition) {
  return bent(c, [&](Draft& draft) {
    draft.fields.emplace_back(meta, value);
    obj::add_condition(draft, std::move(condition));
  });
}

Outcome unmet_condition_is_403(Context& c) {
  obj::need_forms(c);
  Findings findings{"a condition that does not hold: 403 AccessDenied"};
  for (const auto& [label, condition] :
       {std::pair<const char*, Json>{"eq", {"eq", "$x-amz-meta-dex", "wanted"}},
        {"starts-with", {"starts-with", "$x-amz-meta-dex", "wanted"}},
        {"simple", Json{{meta, "wanted"}}}}) {
    const auto response = obj::post(c, with_other_value(c, "other", condition));
    findings.check(obj::refuses(response, 403, "AccessDenied"),
                   fmt::format("{}: {}", label, obj::told(response)));
  }
  return findings.outcome();
}

Outcome condition_values_have_case(Context& c) {
  return obj::form_refused(c, with_other_value(c, "Private", {"eq", "$x-amz-meta-dex", "private"}),
                           403, "AccessDenied");
}

Outcome condition_on_missing_field_is_403(Context& c) {
  return not_allowed(c, [](Draft& draft) {
    obj::add_condition(draft, {"starts-with", "$x-amz-meta-dex", "absent"});
  });
}

PostForm with_extra_field(Context& c, const char* name) {
  auto form = obj::good_form(c);
  form.fields.emplace_back(name, "extra");
  return form;
}

Outcome uncovered_field_is_403(Context& c) {
  return obj::form_refused(c, with_extra_field(c, "x-amz-meta-extra"), 403, "AccessDenied");
}

Outcome x_ignore_fields_need_no_condition(Context& c) {
  const auto response = obj::post(c, with_extra_field(c, "x-ignore-dex"));
  return obj::is_stored(response) ? holds(obj::told(response))
                                  : broken("x-ignore-dex: 2xx", obj::told(response));
}

Outcome bucket_needs_a_condition(Context& c) {
  return not_allowed(c, [](Draft& draft) { obj::drop_conditions(draft, "\"bucket\""); });
}

Outcome policy_for_another_bucket_is_403(Context& c) {
  return not_allowed(c, [](Draft& draft) {
    obj::drop_conditions(draft, "\"bucket\"");
    obj::add_condition(draft, Json{{"bucket", "dex-conformance-other"}});
  });
}

std::string message_of(const Response& response) {
  const auto body = s3::parse_error_body(response.body);
  return body ? body->message : "";
}

Outcome refusal_tells_the_condition(Context& c) {
  obj::need_forms(c);
  Findings findings{"the message says which condition, and which field"};
  const auto failed =
      obj::post(c, with_other_value(c, "other", {"eq", "$x-amz-meta-dex", "wanted"}));
  if (!is_4xx(failed)) stop_blocked("the form is refused: 403", obj::told(failed));
  const bool tells =
      message_of(failed).find(R"(["eq", "$x-amz-meta-dex", "wanted"])") != std::string::npos;
  findings.check(tells, tells ? "the condition" : "not the condition");
  const auto extra = obj::post(c, with_extra_field(c, "x-amz-meta-extra"));
  if (!is_4xx(extra)) stop_blocked("the form is refused: 403", obj::told(extra));
  const bool names = message_of(extra).find("x-amz-meta-extra") != std::string::npos;
  findings.check(names, names ? "the field" : "not the field");
  return findings.outcome();
}

// ---- sizes --------------------------------------------------------------------------------------

PostForm sized(Context& c, std::int64_t min, std::int64_t max) {
  return bent(c, [&](Draft& draft) {
    obj::drop_conditions(draft, "content-length-range");
    obj::add_condition(draft, {"content-length-range", min, max});
  });
}

Outcome wrong_size(Context& c, const PostForm& form, std::string_view error, const char* bound) {
  obj::need_forms(c);
  const auto response = obj::post(c, form, letters(3));
  Findings findings{fmt::format("400 {} with ProposedSize and {}", error, bound)};
  findings.check(obj::refuses(response, 400, error), obj::told(response));
  for (const char* name : {"ProposedSize", bound}) {
    const bool there = is_integer(obj::detail(response, name));
    findings.check(there, there ? name : fmt::format("no {}", name));
  }
  return findings.outcome();
}

Outcome file_above_range_is_400(Context& c) {
  return wrong_size(c, sized(c, 0, 0), "EntityTooLarge", "MaxSizeAllowed");
}

Outcome file_below_range_is_400(Context& c) {
  return wrong_size(c, sized(c, 512, 1'000), "EntityTooSmall", "MinSizeAllowed");
}

Outcome range_counts_file_bytes_inclusively(Context& c) {
  const auto form = sized(c, 10, 12);
  Findings findings{"10 to 12 bytes of the file are taken, 9 and 13 are not"};
  for (const std::size_t size : {9, 10, 12, 13}) {
    const auto response = obj::post(c, form, letters(size));
    const bool right = size < 10   ? obj::refuses(response, 400, "EntityTooSmall")
                       : size > 12 ? obj::refuses(response, 400, "EntityTooLarge")
                                   : obj::is_stored(response);
    findings.check(right, fmt::format("{}: {}", size, obj::told(response)));
  }
  return findings.outcome();
}

Outcome least_size_is_of_whole_file(Context& c) {
  constexpr std::int64_t least = 4 << 20;
  return obj::form_taken(c, sized(c, least, 3 * least), letters(least + 200));
}

Outcome malformed_range_is_400(Context& c) {
  obj::need_forms(c);
  Findings findings{"one number, and a negative one: 400"};
  for (const auto& [label, condition] :
       {std::pair<const char*, Json>{"one number", {"content-length-range", 0}},
        {"a negative one", {"content-length-range", -1, 0}}}) {
    const auto form = bent(c, [&condition = condition](Draft& draft) {
      obj::drop_conditions(draft, "content-length-range");
      obj::add_condition(draft, condition);
    });
    const auto response = obj::post(c, form);
    findings.check(response.status == 400, fmt::format("{}: {}", label, obj::told(response)));
  }
  return findings.outcome();
}

// ---- fields with a meaning ----------------------------------------------------------------------

Outcome each_of_several_types_must_match(Context& c) {
  return not_allowed(c, [](Draft& draft) {
    draft.fields.back().second = "text/plain,image/png";
    obj::drop_conditions(draft, "$Content-Type");
    obj::add_condition(draft, {"starts-with", "$Content-Type", "text/"});
  });
}

PostForm with_checksum(Context& c, std::string_view of) {
  return bent(c, [&](Draft& draft) {
    Digest digest{DigestAlgorithm::sha256};
    digest.update(of);
    obj::add_field(draft, "x-amz-checksum-sha256", base64::encode(digest.finish()));
  });
}

Outcome wrong_form_checksum_is_400(Context& c) {
  Findings findings{"the checksum of the file: 2xx; another: 400"};
  const auto right = obj::post(c, with_checksum(c, "bar"), "bar");
  findings.check(obj::is_stored(right), "right: " + obj::told(right));
  const auto wrong = obj::post(c, with_checksum(c, "other"), "bar");
  findings.check(wrong.status == 400, "wrong: " + obj::told(wrong));
  return findings.outcome();
}

Outcome unknown_storage_class_is_400(Context& c) {
  return bent_is_refused(c, 400, "InvalidStorageClass", [](Draft& draft) {
    obj::add_field(draft, "x-amz-storage-class", "NO_SUCH_CLASS");
  });
}

}  // namespace

std::vector<Check> objects_policy() {
  return {
      {"OBJ-POL-001", policy_with_wrong_signature_is_403},
      {"OBJ-POL-002", signature_covers_policy_as_sent},
      {"OBJ-POL-003", signature_is_judged_before_expiration},
      {"OBJ-POL-004", policy_of_unknown_key_is_403},
      {"OBJ-POL-005", version_4_policy_is_taken},
      {"OBJ-POL-006", version_2_policy_is_taken},
      {"OBJ-POL-007", unsigned_form_is_403},
      {"OBJ-POL-008", wrong_signature_tells_what_was_signed},
      {"OBJ-POL-009", other_form_of_expiration_is_400},
      {"OBJ-POL-010", policy_without_expiration_is_400},
      {"OBJ-POL-011", policy_without_conditions_is_400},
      {"OBJ-POL-012", policy_member_names_have_case},
      {"OBJ-POL-013", empty_condition_is_400},
      {"OBJ-POL-014", simple_condition_of_two_is_400},
      {"OBJ-POL-015", policy_not_json_is_400},
      {"OBJ-POL-016", expired_policy_is_403},
      {"OBJ-POL-017", unmet_condition_is_403},
      {"OBJ-POL-018", condition_values_have_case},
      {"OBJ-POL-019", condition_on_missing_field_is_403},
      {"OBJ-POL-020", uncovered_field_is_403},
      {"OBJ-POL-021", x_ignore_fields_need_no_condition},
      {"OBJ-POL-022", bucket_needs_a_condition},
      {"OBJ-POL-023", policy_for_another_bucket_is_403},
      {"OBJ-POL-024", refusal_tells_the_condition},
      {"OBJ-POL-025", file_above_range_is_400},
      {"OBJ-POL-026", file_below_range_is_400},
      {"OBJ-POL-027", range_counts_file_bytes_inclusively},
      {"OBJ-POL-028", least_size_is_of_whole_file},
      {"OBJ-POL-029", malformed_range_is_400},
      {"OBJ-POL-030", each_of_several_types_must_match},
      {"OBJ-POL-031", wrong_form_checksum_is_400},
      {"OBJ-POL-032", unknown_storage_class_is_400},
  };
}

}  // namespace conformance::suites
