// What the steps of a walk say, without a network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "onboard/journey.hpp"
#include "onboard/reach.hpp"
#include "onboard/report.hpp"

namespace conformance::onboard {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using transport::Failure;
using transport::Knock;
using transport::TlsFault;

const std::string url = "https://upload.example.test/upload";
const About about{"the service", "its people", "Go on."};

Knock knocked(TlsFault fault, const std::string& issuer = "Public CA 3") {
  Knock knock;
  knock.connected = true;
  knock.address = "192.0.2.7";
  knock.port = 443;
  knock.tls = fault;
  knock.certificate = transport::CertificateSeen{"upload.example.test", issuer,
                                                 "2026-01-02 03:04 UTC", "2026-05-06 07:08 UTC"};
  if (fault != TlsFault::none) knock.failure = Failure{Failure::Kind::tls, "no", true};
  return knock;
}

struct FaultCase {
  TlsFault fault;
  Whose whose;
  const char* what;
  const char* remedy;
};

TEST(Certificate, EachFaultHasWordsOfItsOwn) {
  for (const FaultCase& one : {
           FaultCase{TlsFault::expired, Whose::service, "ended on 2026-05-06", "only they"},
           {TlsFault::not_yet_valid, Whose::partner, "begins only on 2026-01-02", "clock"},
           {TlsFault::other_host, Whose::partner, "is for upload.example.test, and not", "letter"},
           {TlsFault::self_signed, Whose::unclear, "vouches for itself", "--ca-file"},
           {TlsFault::unknown_authority, Whose::unclear, "was signed by \"Public CA 3\"",
            "--ca-file"},
           {TlsFault::missing_intermediate, Whose::service, "missing intermediate", "only they"},
           {TlsFault::revoked, Whose::service, "was revoked", "only they"},
           {TlsFault::stapling, Whose::service, "OCSP stapling", "only they"},
           {TlsFault::old_version, Whose::service, "TLS 1.0 or 1.1", "only they"},
           {TlsFault::no_tls, Whose::partner, "does not speak TLS", "the port"},
           {TlsFault::refused, Whose::partner, "broke off", "--client-cert"},
           {TlsFault::stalled, Whose::unclear, "stood still", "firewall"},
           {TlsFault::broken_off, Whose::unclear, "broke", "firewall"},
       }) {
    const Told told = certificate_told(knocked(one.fault), url, about);
    EXPECT_EQ(told.outcome, Outcome::trouble) << one.what;
    ASSERT_EQ(told.findings.size(), 1U) << one.what;
    EXPECT_EQ(told.findings[0].whose, one.whose) << one.what;
    EXPECT_THAT(told.findings[0].what, HasSubstr(one.what));
    EXPECT_THAT(told.findings[0].remedy, HasSubstr(one.remedy)) << one.what;
  }
  const Told good = certificate_told(knocked(TlsFault::none), url, about);
  EXPECT_EQ(good.outcome, Outcome::done);
  EXPECT_THAT(good.seen, HasSubstr("good until 2026-05-06"));
}

TEST(Certificate, OneOfADeviceInTheNetworkIsToldAsThat) {
  for (const TlsFault fault :
       {TlsFault::unknown_authority, TlsFault::self_signed, TlsFault::missing_intermediate}) {
    const Told told = certificate_told(knocked(fault, "Zscaler Intermediate Root CA"), url, about);
    ASSERT_EQ(told.findings.size(), 1U);
    EXPECT_EQ(told.findings[0].whose, Whose::network);
    EXPECT_THAT(told.findings[0].what, HasSubstr("A device in your network opens the connection"));
  }
  // Trusted on this computer, and perhaps not by the partner's program.
  const Told taken = certificate_told(knocked(TlsFault::none, "ACME Web Gateway 2"), url, about);
  EXPECT_EQ(taken.outcome, Outcome::remark);
  EXPECT_FALSE(is_interceptor("DigiCert Global G2 TLS RSA SHA256 2020 CA1"));
  EXPECT_FALSE(is_interceptor("E6"));
}

TEST(Certificate, WithoutProtectionNothingIsSentToOthers) {
  EXPECT_EQ(certificate_told({}, "http://upload.example.test/files", about).outcome,
            Outcome::trouble);
  EXPECT_EQ(certificate_told({}, "http://127.0.0.1:8080/files", about).outcome, Outcome::remark);
}

Knock unconnected(Failure::Kind kind, const std::string& message = "no") {
  Knock knock;
  knock.failure = Failure{kind, message};
  return knock;
}

TEST(Address, EachFailureHasWordsOfItsOwn) {
  const auto what = [&](const Knock& knock) {
    return address_told(knock, url, "").findings.at(0).what;
  };
  EXPECT_THAT(what(unconnected(Failure::Kind::resolve)), HasSubstr("No computer of the name"));
  EXPECT_THAT(what(unconnected(Failure::Kind::timeout)), HasSubstr("a firewall drops"));
  EXPECT_THAT(what(unconnected(Failure::Kind::connect, "Connection refused")),
              HasSubstr("no service takes the call at upload.example.test, port 443"));
  EXPECT_THAT(address_told(knocked(TlsFault::none), url, "").seen, HasSubstr("192.0.2.7"));
}

TEST(Proxy, EachRefusalHasWordsOfItsOwn) {
  const std::string proxy = "http://proxy.example.test:3128";
  const auto told = [&](int status) {
    Knock knock = unconnected(Failure::Kind::proxy);
    knock.connected = true;
    knock.proxy_status = status;
    return proxy_told(knock, url, proxy).findings.at(0);
  };
  EXPECT_THAT(told(403).what, HasSubstr("refuses to connect to upload.example.test"));
  EXPECT_THAT(told(407).what, HasSubstr("a user name and a password of its own"));
  EXPECT_THAT(told(502).what, HasSubstr("could not reach the service"));
  EXPECT_THAT(told(0).what, HasSubstr("did not connect"));
  EXPECT_THAT(proxy_told(unconnected(Failure::Kind::proxy), url, proxy).findings.at(0).what,
              HasSubstr("cannot be reached"));
  EXPECT_EQ(proxy_told(knocked(TlsFault::expired), url, proxy).outcome, Outcome::done);
}

TEST(Walk, StopsAtWhatIsNeededAndGoesOnBesideWhatIsNot) {
  std::string taken;
  const auto stage = [&](const char* name, Told told, bool needed) {
    Stage one{name, "", [&taken, name, told] {
                taken += name;
                return told;
              }};
    one.needed = needed;
    return one;
  };
  const Finding finding{Whose::partner, "What.", "Remedy."};
  Walk walk;
  walk.about = about;
  walk.steps = walk_through({stage("a", done("Good."), true), stage("b", trouble(finding), false),
                             stage("c", trouble(finding), true), stage("d", done(""), true)},
                            [](const Step&) {});
  EXPECT_EQ(taken, "abc");
  EXPECT_THAT(walk.steps.at(3).told.seen, HasSubstr("\"c\""));
  EXPECT_EQ(to_do(walk).size(), 1U) << "the same is told once";
  EXPECT_EQ(exit_code(walk), ExitCode::not_conformant);
  walk.steps.at(1).access = true;
  EXPECT_EQ(exit_code(walk), ExitCode::unreachable);
  EXPECT_THAT(markdown(walk), HasSubstr("1. On your side: **What.**\n   Remedy.\n"));
}

TEST(Walk, WhatAStrangerWroteIsNoMarkup) {
  Walk walk;
  walk.about = about;
  walk.steps = {Step{"a", "", false, done("[x](javascript:1) | <img src=x> \x1b[2J"), false}};
  redact::Secrets secrets;
  secrets.add("hush-hush-hush");
  walk.facts = {{"Id", "hush-hush-hush"}};
  walk.left = "One upload stays: hush-hush-hush\x1b[2J.";
  walk = masked(std::move(walk), secrets);
  const std::string page = markdown(walk);
  EXPECT_THAT(
      page, AllOf(HasSubstr("\\[x\\](javascript:1) \\| &lt;img src=x&gt;"),
                  HasSubstr("| Id | \\*\\*\\* |"), Not(HasSubstr("\x1b")), Not(HasSubstr("hush"))));
  EXPECT_THAT(onboard::page(walk), AllOf(HasSubstr("&lt;img src=x&gt;"), Not(HasSubstr("\x1b")),
                                         Not(HasSubstr("hush"))));
}

TEST(Words, OfNumbersAndLists) {
  EXPECT_EQ(bytes_told(1), "1 byte");
  EXPECT_EQ(bytes_told(999), "999 bytes");
  EXPECT_EQ(bytes_told(1234567), "1,234,567 bytes");
  EXPECT_EQ(either({"a"}), "\"a\"");
  EXPECT_EQ(either({"a", "b", "c"}), "\"a\", \"b\" or \"c\"");
  EXPECT_THAT(either(std::vector<std::string>(20, "x")), HasSubstr(" or one of 8 more"));
}

}  // namespace
}  // namespace conformance::onboard
