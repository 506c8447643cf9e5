// The storage POST, and what becomes of it (area onecodex-upload).
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "onecodex/vocabulary.hpp"
#include "protocol/base64.hpp"
#include "protocol/onecodex/requests.hpp"
#include "protocol/s3/documents.hpp"

namespace conformance::suites {
namespace {

using oc::Kind;

Outcome form_with_file_is_201(Context& c) {
  const auto begun = oc::begin(c);
  const auto response = oc::send_file(c, begun.file, "bytes", "HiSeq_accuracy.fa");
  const auto stored = s3::parse_post_response(response.body);
  Findings findings{"the form and a file: 201, and where it is stored, under the file's name"};
  findings.check(response.status == 201, code(response));
  const bool named = stored && stored->key.ends_with("/HiSeq_accuracy.fa");
  findings.check(named, named ? "the name" : "no key with the name");
  return findings.outcome();
}

Outcome form_is_for_own_upload(Context& c) {
  const auto mine = oc::begin(c);
  const auto other = oc::begin(c);
  oc::store(c, mine.file);
  Findings findings{"a form with the key of another upload: 403"};
  const auto response = oc::send_file(c, oc::with(mine.file, "key", oc::field(other.file, "key")));
  findings.check(response.status == 403, code(response));
  return findings.outcome();
}

Outcome changed_form_field_is_403(Context& c) {
  const auto begun = oc::begin(c);
  oc::store(c, begun.file);
  Findings findings{"a form with a changed field: 403"};
  // The decoded policy means the same with a space, but the signature covers the text as sent.
  const auto policy = base64::decode(oc::field(begun.file, "policy"));
  const auto spaced = base64::encode(policy.value_or("") + " ");
  for (const auto& [field, value] : {std::pair<const char*, std::string>{"acl", "public-read"},
                                     {"x-amz-server-side-encryption", "aws:kms"},
                                     {"signature", "bm9uZQ=="},
                                     {"success_action_status", "200"},
                                     {"policy", spaced}}) {
    const auto response = oc::send_file(c, oc::with(begun.file, field, value));
    findings.check(response.status == 403, std::string{field} + ": " + code(response));
  }
  return findings.outcome();
}

Outcome confirm_before_post_is_refused(Context& c) {
  const auto begun = oc::begin(c);
  const auto response = oc::confirm(c, begun.id);
  const bool ok = is_4xx(response) && !oc::message_of(response).empty();
  return ok ? holds(oc::told(response))
            : broken("confirm_upload before the POST: 4xx and a message", oc::told(response));
}

Outcome confirm_refers_to_the_sample(Context& c) {
  const auto begun = oc::begin(c);
  oc::store(c, begun.file);
  const auto response = oc::confirm(c, begun.id);
  return oc::is_confirmed(response, Kind::sample, begun.id)
             ? holds("200, success, and the sample")
             : broken("confirm_upload: 200 {message, sample: {$ref}, success: true}",
                      oc::told(response));
}

Outcome confirm_may_be_repeated(Context& c) {
  const auto id = oc::make_sample(c);
  const auto response = oc::confirm(c, id);
  return oc::is_confirmed(response, Kind::sample, id)
             ? holds("200, as before")
             : broken("confirm_upload once more: 200, as before", oc::told(response));
}

Outcome confirm_of_unknown_id_is_404(Context& c) {
  const auto response = oc::confirm(c, "dexconformance00");
  return oc::is_problem(response, 404) ? holds(oc::told(response))
                                       : broken("an unknown id: 404", oc::told(response));
}

Outcome sample_without_file_awaits_data(Context& c) {
  const auto begun = oc::begin(c);
  const auto seen = text_at(oc::sample(c, begun.id), "/visibility").value_or("none");
  return seen == "awaiting data" ? holds(seen)
                                 : broken("before it is confirmed: 'awaiting data'", seen);
}

Outcome confirmed_sample_becomes_private(Context& c) {
  const auto id = oc::make_sample(c);
  const auto visibility = [&] {
    return text_at(oc::sample(c, id), "/visibility").value_or("none");
  };
  const auto first = visibility();
  Findings findings{"once it is confirmed: 'importing', and in the end 'private'"};
  findings.check(first == "importing" || first == "private", "at once: " + first);
  const bool imported = c.eventually(c.patience(), [&] { return visibility() == "private"; });
  findings.check(imported, imported ? "in the end: private" : "it does not become private");
  return findings.outcome();
}

Outcome sample_has_what_clients_read(Context& c) {
  const auto id = oc::make_sample(c, letters(1'000));
  const auto sample = oc::sample(c, id);
  Findings findings{"a sample is told with $uri, created_at, metadata, owner, and its size"};
  for (const char* name : {"/$uri", "/created_at", "/metadata", "/owner", "/visibility"}) {
    const bool there = value_at(sample, name) != nullptr;
    findings.check(there, std::string{name + 1} + (there ? "" : " is missing"));
  }
  const auto created = text_at(sample, "/created_at").value_or("");
  const bool iso = created.size() > 10 && created[10] == 'T';
  findings.check(iso, iso ? "a time as ISO 8601 has it" : "created_at is no time of ISO 8601");
  const auto* const tags = value_at(sample, "/tags");
  findings.check(!tags || tags->is_array(), "tags are a list");
  const auto* const size = value_at(sample, "/size");
  const bool right = size && *size == 1'000;
  findings.check(right, right ? "its size" : "another size, or none");
  return findings.outcome();
}

Outcome download_gives_file_as_sent(Context& c) {
  const auto bytes = letters(1'000, 'b');
  const auto id = oc::make_sample(c, bytes);
  const auto told = oc::post(c, "samples/" + id + "/download_uri", "{}");
  const auto place = onecodex::parse_download(told.body);
  if (told.status != 200 || !place) {
    return broken("download_uri: 200 {download_uri}", oc::told(told));
  }
  Request request;
  request.method = "GET";
  request.url = place->url;
  auto seen = c.exchange_anonymously(std::move(request));
  if (!seen.response) stop_unanswered("GET of a file", seen);
  const bool same = seen.response->status == 200 && seen.response->body == bytes;
  return same ? holds("the bytes that were sent")
              : broken("the bytes that were sent are given back",
                       code(*seen.response) + ", other bytes");
}

Outcome cancel_ends_an_upload(Context& c) {
  const auto begun = oc::begin(c);
  oc::store(c, begun.file);
  const auto response = oc::cancel(c, begun.id);
  Findings findings{"cancel_upload: 200 success, and confirm_upload is refused"};
  const auto* const success_at = "/success";
  const auto document = json_of(response);
  const auto* const success = value_at(document, success_at);
  findings.check(response.status == 200 && success && *success == true, oc::told(response));
  const auto confirmed = oc::confirm(c, begun.id);
  findings.check(is_4xx(confirmed), "confirm_upload: " + oc::told(confirmed));
  return findings.outcome();
}

Outcome cancel_after_confirm_is_400(Context& c) {
  const auto id = oc::make_sample(c);
  const auto response = oc::cancel(c, id);
  const bool ok =
      response.status == 400 && oc::message_of(response) == onecodex::already_successful;
  return ok ? holds(oc::told(response))
            : broken("cancel_upload of what was confirmed: 400 'Upload already successful'",
                     oc::told(response));
}

Outcome document_confirmed_by_document_id(Context& c) {
  const auto begun = oc::begin_document(c);
  oc::store(c, begun.file);
  const auto response = oc::post(
      c, "documents/confirm_upload",
      onecodex::to_json(onecodex::Confirmation{begun.id}, onecodex::Call::confirm_document));
  return oc::is_confirmed(response, Kind::document, begun.id)
             ? holds("200, success, and the document")
             : broken("confirm_upload by document_id: 200 {document: {$ref}, success: true}",
                      oc::told(response));
}

Outcome document_by_sample_id_by_contract(Context& c) {
  const auto begun = oc::begin_document(c);
  oc::store(c, begun.file);
  const auto response =
      oc::post(c, "documents/confirm_upload", R"({"sample_id": ")" + begun.id + "\"}");
  const bool guide = oc::by_guide(c);
  const bool ok =
      guide ? oc::is_confirmed(response, Kind::document, begun.id) : oc::is_problem(response, 400);
  return ok ? holds(oc::told(response))
            : broken(guide ? "a document is confirmed by sample_id too: 200"
                           : "a document is not confirmed by sample_id: 400",
                     oc::told(response));
}

Outcome paired_ends_are_two_forms(Context& c) {
  const auto response =
      oc::post(c, "samples/init_upload",
               R"({"filename": "a_R1.fq", "paired_end_filename": "a_R2.fq", "size": 5})");
  const auto begun = oc::read_initiated(c, response);
  Findings findings{"paired ends: two forms of one sample, and both files are needed"};
  if (!begun || !begun->paired_end) {
    return findings.check(false, "no form for the second: " + oc::told(response)).outcome();
  }
  oc::store(c, begun->file);
  const auto early = oc::confirm(c, begun->id);
  findings.check(is_4xx(early), "confirm_upload after one: " + oc::told(early));
  oc::store(c, *begun->paired_end);
  const auto late = oc::confirm(c, begun->id);
  findings.check(oc::is_confirmed(late, Kind::sample, begun->id), "after both: " + oc::told(late));
  return findings.outcome();
}

Outcome multipart_init_gives_credentials(Context& c) {
  const auto response =
      oc::post(c, "samples/init_multipart_upload", R"({"filename": "a.fq", "sample_id": null})");
  const auto begun = oc::read_multipart(c, response);
  const bool ok = begun && begun->callback_url.starts_with('/');
  return ok ? holds("200 and a path to call")
            : broken(
                  "init_multipart_upload: 200 {callback_url, file_id, s3_bucket, "
                  "upload_aws_access_key_id, upload_aws_secret_access_key}, with a path to call",
                  oc::told(response));
}

Outcome callback_before_file_is_refused(Context& c) {
  const auto begun = oc::begin_in_parts(c, R"("filename": "a.fq", "sample_id": null)");
  const auto response = oc::call_back(c, begun);
  const bool ok = is_4xx(response) && !oc::message_of(response).empty();
  return ok ? holds(oc::told(response))
            : broken("the callback before the file: 4xx and a message", oc::told(response));
}

Outcome announced_size_is_the_files(Context& c) {
  if (!oc::by_guide(c)) return not_offered("clients announced 1 for years, whatever they sent");
  const auto begun = oc::begin(c, {}, 4);
  oc::store(c, begun.file);
  const auto response = oc::confirm(c, begun.id);
  return oc::is_problem(response, 400)
             ? holds(oc::told(response))
             : broken("another size than was announced: 400", oc::told(response));
}

Outcome confirmed_size_is_the_files(Context& c) {
  if (oc::by_guide(c)) return not_offered("the documents do not know the size there");
  const auto begun = oc::begin(c);
  oc::store(c, begun.file);
  const auto response =
      oc::post(c, "samples/confirm_upload", R"({"sample_id": ")" + begun.id + R"(", "size": 4})");
  return oc::is_problem(response, 400)
             ? holds(oc::told(response))
             : broken("confirm_upload with another size than the file's: 400", oc::told(response));
}

/// The other user has a valid key, but no right to these uploads.
Outcome other_user_cannot_confirm_or_cancel(Context& c) {
  const auto begun = oc::begin(c);
  oc::store(c, begun.file);
  const auto document = oc::begin_document(c);
  oc::store(c, document.file);
  const auto sample_id = R"({"sample_id": ")" + begun.id + "\"}";
  const auto document_id = R"({"document_id": ")" + document.id + "\"}";
  Findings findings{"what another user began can be neither confirmed nor cancelled: 4xx"};
  for (const auto& [call, body] : {std::pair{"samples/confirm_upload", sample_id},
                                   {"samples/cancel_upload", sample_id},
                                   {"documents/confirm_upload", document_id}}) {
    const auto response = oc::as_other(c, oc::json_request(c, call, body));
    findings.check(is_4xx(response) && !oc::message_of(response).empty(),
                   std::string{call} + ": " + oc::told(response));
  }
  const auto seen = text_at(oc::sample(c, begun.id), "/visibility").value_or("none");
  findings.check(seen == "awaiting data", "after that it is " + seen);
  const auto confirmed = oc::confirm(c, begun.id);
  findings.check(oc::is_confirmed(confirmed, Kind::sample, begun.id),
                 "confirmed by its own user: " + oc::told(confirmed));
  return findings.outcome();
}

Outcome form_after_expiration_is_403(Context& c) {
  const auto begun = oc::post(c, "samples/init_upload", R"({"filename": "a.fa", "size": 5})");
  const auto form = oc::read_initiated(c, begun);
  if (!form) {
    stop_blocked("init_upload: 200 {additional_fields, sample_id, upload_url}", oc::told(begun));
  }
  oc::outlive(c, begun, form->file);
  const auto response = oc::send_file(c, form->file);
  return expect(response.status == 403, "a form past its time: 403", response);
}

Outcome form_after_cancel(Context& c) {
  const auto begun = oc::begin(c);
  const auto cancelled = oc::cancel(c, begun.id);
  taken(cancelled, "cancel_upload");
  return observed("the file of a cancelled upload: " + code(oc::send_file(c, begun.file)));
}

Outcome document_has_what_clients_read(Context& c) {
  const auto begun = oc::begin_document(c);
  oc::store(c, begun.file);
  const auto confirmed = oc::post(
      c, "documents/confirm_upload",
      onecodex::to_json(onecodex::Confirmation{begun.id}, onecodex::Call::confirm_document));
  taken(confirmed, "confirm_upload");
  const auto document = json_of(oc::get(c, "documents/" + begun.id));
  Findings findings{"a document is told with $uri, created_at, filename, uploader, and its size"};
  for (const char* name : {"/$uri", "/created_at", "/filename", "/uploader"}) {
    const bool there = value_at(document, name) != nullptr;
    findings.check(there, std::string{name + 1} + (there ? "" : " is missing"));
  }
  const auto* const size = value_at(document, "/size");
  const bool right = size && *size == 5;
  findings.check(right, right ? "its size" : "another size, or none");
  return findings.outcome();
}

/// The client onecodex 1.2.0 takes any status but 200 for a failure.
Outcome callback_after_file_is_200(Context& c) {
  const auto begun = oc::begin_in_parts(c, R"("filename": "a.fq", "sample_id": null)");
  oc::put(c, begun, begun.file_id);
  const auto response = oc::call_back(c, begun);
  const auto id = onecodex::parse_id(response.body, Kind::sample);
  Findings findings{"the callback after the file: 200 {sample_id}, and the sample is there"};
  findings.check(response.status == 200 && id, oc::told(response));
  if (id) {
    const auto* const size_at = "/size";
    const auto sample = oc::sample(c, *id);
    const auto* const size = value_at(sample, size_at);
    findings.check(size && *size == 5, "its size");
  }
  return findings.outcome();
}

Outcome paired_ends_are_two_keys(Context& c) {
  const auto begun = oc::begin_in_parts(
      c, R"("filename": "a_R1.fq", "paired_end_filename": "a_R2.fq", "sample_id": null)");
  Findings findings{"paired ends: a paired_end_file_id, and the callback after both files: 200"};
  const auto& second = begun.paired_end_file_id;
  const bool two = second && *second != begun.file_id;
  findings.check(two, two ? "two keys" : "no key for the second");
  if (!two) return findings.outcome();
  oc::put(c, begun, *second);
  oc::put(c, begun, begun.file_id);
  const auto response = oc::call_back(c, begun);
  findings.check(response.status == 200, oc::told(response));
  return findings.outcome();
}

}  // namespace

std::vector<Check> onecodex_upload() {
  return {
      {"OC-UP-001", form_with_file_is_201},
      {"OC-UP-002", form_is_for_own_upload},
      {"OC-UP-003", changed_form_field_is_403},
      {"OC-UP-004", confirm_before_post_is_refused},
      {"OC-UP-005", confirm_refers_to_the_sample},
      {"OC-UP-006", confirm_may_be_repeated},
      {"OC-UP-007", confirm_of_unknown_id_is_404},
      {"OC-UP-008", sample_without_file_awaits_data},
      {"OC-UP-009", confirmed_sample_becomes_private},
      {"OC-UP-010", sample_has_what_clients_read},
      {"OC-UP-011", download_gives_file_as_sent},
      {"OC-UP-012", cancel_ends_an_upload},
      {"OC-UP-013", cancel_after_confirm_is_400},
      {"OC-UP-014", document_confirmed_by_document_id},
      {"OC-UP-015", document_by_sample_id_by_contract},
      {"OC-UP-016", paired_ends_are_two_forms},
      {"OC-UP-017", multipart_init_gives_credentials},
      {"OC-UP-018", callback_before_file_is_refused},
      {"OC-UP-019", announced_size_is_the_files},
      {"OC-UP-020", confirmed_size_is_the_files},
      {"OC-UP-021", other_user_cannot_confirm_or_cancel},
      {"OC-UP-022", form_after_expiration_is_403},
      {"OC-UP-023", form_after_cancel},
      {"OC-UP-024", document_has_what_clients_read},
      {"OC-UP-025", callback_after_file_is_200},
      {"OC-UP-026", paired_ends_are_two_keys},
  };
}

}  // namespace conformance::suites
