// then.request: what the handler is given.
#include "misbehave/action.hpp"
#include "misbehave/edit.hpp"
#include "misbehave/reading.hpp"
#include "misbehave/when.hpp"

namespace mock::misbehave {
namespace {

RequestEdit request_of(const Cursor& at) {
  at.only({"method", "target", "headers", "body"});
  RequestEdit edit;
  edit.method = optional(at, "method", method_of);
  edit.target = optional(at, "target", template_of);
  if (auto fields = at.find("headers")) edit.fields = fields_of(*fields);
  if (auto body = at.find("body")) edit.body = body_of(*body);
  if (!edit.method && !edit.target && !edit.fields.any() && !edit.body.any())
    at.fail("edits nothing");
  return edit;
}

bool edit_request(const RequestEdit& edit, const Template::Lookup& lookup, Claims& claims,
                  PatternWork& work, Request& request) {
  if (edit.method && claims.take(Axis::request_method)) request.method = *edit.method;
  if (edit.target && claims.take(Axis::request_target)) {
    request.target = one_line(edit.target->fill(lookup));
    const auto query = request.target.find('?');
    request.path = request.target.substr(0, query);
    request.query = query == std::string::npos ? std::string{} : request.target.substr(query + 1);
  }
  return edit_fields(edit.fields, Axis::request_field, lookup, claims, work, request.fields);
}

class RequestAction final : public Action {
 public:
  RequestAction() : Action("request") {}

  void read(const Cursor& at, Then& into) const override { into.request = request_of(at); }

  [[nodiscard]] Why contradiction(const Rule& rule) const override {
    if (rule.moment() != Moment::request)
      return "then.request: the request was read before these conditions could be known";
    if (rule.then.request->body.any() &&
        only_methods(rule.when, {"GET", "HEAD", "OPTIONS", "TRACE", "DELETE"}))
      return "then.request.body: " + rule.when.methods.front() + " has no body";
    return std::nullopt;
  }

  void add_axes(const Then& then, Axes& into) const override {
    const auto& edit = *then.request;
    if (edit.method) into.add(Axis::request_method);
    if (edit.target) into.add(Axis::request_target);
    if (edit.body.any()) into.add(Axis::request_body);
    into.add(Axis::request_field, edit.fields);
  }

  void visit_values(const Rule& rule, const Visit& visit) const override {
    const auto& edit = *rule.then.request;
    if (edit.target) visit("request.target", *edit.target, Known::before);
    visit_fields("request", edit.fields, Known::before, visit);
    if (edit.body.text) visit("request.body", *edit.body.text, Known::before);
    for (const auto& [name, value] : edit.body.form.set)
      visit("request.body.form.set." + name, value, Known::before);
  }

  void on_request(const ExchangeFiring& firing, Request& request,
                  RequestPlan& /*plan*/) const override {
    const auto& edit = *firing.then().request;
    if (!edit_request(edit, firing.lookup, firing.claims, firing.work, request)) firing.give_up();
    if (edit.body.any()) firing.request.gather_body();
  }

  void on_small_body(const ExchangeFiring& firing, const Request& request,
                     std::string& body) const override {
    const auto& edit = firing.then().request->body;
    const auto type = request.fields.find("Content-Type").value_or(std::string_view{});
    if (edit.any() && firing.claims.take(Axis::request_body) &&
        !edit_body(edit, firing.lookup, type, firing.work, body))
      firing.give_up();
  }
};

}  // namespace

const Action& request_action() {
  static const RequestAction action;
  return action;
}

}  // namespace mock::misbehave
