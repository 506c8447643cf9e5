// then.connection: what becomes of a connection when it is accepted.
#include <algorithm>

#include "misbehave/action.hpp"
#include "misbehave/reading.hpp"

namespace mock::misbehave {
namespace {

BadCertificate bad_certificate_of(const Cursor& at) {
  const auto* const found = std::ranges::find(bad_certificate_names, at.string());
  if (found != bad_certificate_names.end())
    return static_cast<BadCertificate>(found - bad_certificate_names.begin());
  std::string known;
  for (const auto name : bad_certificate_names)
    known.append(known.empty() ? "" : ", ").append(name);
  at.fail("expected one of " + known);
}

TlsVersion version_of(const Cursor& at) {
  return choice<TlsVersion>(at, {{"1.0", TlsVersion::tls_1_0}, {"1.1", TlsVersion::tls_1_1}});
}

HandshakeStop stop_of(const Cursor& at) {
  if (!at.is_object()) return choice<HandshakeStop>(at, {{"fail", {.alert = true}}});
  at.only({"after", "end"});
  auto stop = choice<HandshakeStop>(at.at("end"), {{"alert", {.alert = true}},
                                                   {"fin", {.end = SocketEnd::fin}},
                                                   {"rst", {.end = SocketEnd::rst}},
                                                   {"stall", {.end = SocketEnd::stall}}});
  stop.after = choice<HandshakeStep>(at.at("after"), {{"client_hello", HandshakeStep::client_hello},
                                                      {"server_hello", HandshakeStep::server_hello},
                                                      {"certificate", HandshakeStep::certificate},
                                                      {"finished", HandshakeStep::finished}});
  if (stop.alert && stop.after != HandshakeStep::client_hello)
    at.at("end").fail("an alert answers the client_hello: after that, take fin, rst or stall");
  return stop;
}

ConnectionEdit connection_edit_of(const Cursor& at) {
  at.only({"delay", "handshake", "certificate", "tls", "end"});
  ConnectionEdit edit;
  edit.delay = delay_at(at, "delay");
  edit.tls.stop = optional(at, "handshake", stop_of);
  edit.tls.certificate = optional(at, "certificate", bad_certificate_of);
  edit.tls.version = optional(at, "tls", version_of);
  if (auto end = at.find("end")) edit.end = end_of(*end);
  if (!edit.delay.any() && !edit.tls.any() && edit.end == SocketEnd::keep)
    at.fail("changes nothing");
  if (edit.tls.any() && edit.end != SocketEnd::keep)
    at.fail(
        "takes either handshake, certificate and tls, or end: a connection that ends has no "
        "handshake");
  const auto& stop = edit.tls.stop;
  if (stop && edit.tls.certificate && stop->after < HandshakeStep::certificate)
    at.fail("no certificate is shown when the handshake ends before it");
  if (stop && edit.tls.version && stop->after < HandshakeStep::server_hello)
    at.fail("no version is agreed when the handshake ends before the server_hello");
  return edit;
}

class ConnectionAction final : public Action {
 public:
  ConnectionAction() : Action("connection") {}

  void read(const Cursor& at, Then& into) const override {
    into.connection = connection_edit_of(at);
  }
  [[nodiscard]] bool acts_at(Stage stage) const override { return stage == Stage::connection; }

  [[nodiscard]] Why contradiction(const Rule& rule) const override {
    const auto& edit = *rule.then.connection;
    const auto& wanted = rule.when.connection;
    if (wanted && wanted->server_name && (edit.delay.any() || edit.end != SocketEnd::keep))
      return "the server_name comes with the ClientHello, which delay and end do not wait for: "
             "then takes handshake, certificate and tls";
    return std::nullopt;
  }

  void add_axes(const Then& then, Axes& into) const override {
    const auto& edit = *then.connection;
    into.add(Axis::connection_delay, edit.delay);
    if (edit.tls.stop || edit.end != SocketEnd::keep) into.add(Axis::connection_end);
    if (edit.tls.certificate) into.add(Axis::connection_certificate);
    if (edit.tls.version) into.add(Axis::connection_tls_version);
  }

  void on_connection(const Firing& firing, ConnectionPlan& plan) const override {
    const auto& edit = *firing.then().connection;
    firing.delay(Axis::connection_delay, edit.delay, plan.delay);
    if ((edit.tls.stop || edit.end != SocketEnd::keep) &&
        firing.claims.take(Axis::connection_end)) {
      plan.tls.stop = edit.tls.stop;
      plan.end = edit.end;
    }
    if (edit.tls.certificate && firing.claims.take(Axis::connection_certificate))
      plan.tls.certificate = edit.tls.certificate;
    if (edit.tls.version && firing.claims.take(Axis::connection_tls_version))
      plan.tls.version = edit.tls.version;
  }
};

}  // namespace

const Action& connection_action() {
  static const ConnectionAction action;
  return action;
}

}  // namespace mock::misbehave
