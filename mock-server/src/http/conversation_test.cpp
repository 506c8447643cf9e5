#include "http/conversation.hpp"

#include <gtest/gtest.h>

#include <random>

#include "http/conversation_fixture.hpp"

namespace mock {
namespace {

using std::chrono::seconds;

class ConversationTest : public test::ConversationFixture {
 protected:
  /// The bodies and statuses of what was sent so far, without the fields.
  std::string replies() const {
    std::string all;
    std::size_t at = 0;
    while ((at = wire_.sent.find("HTTP/1.1 ", at)) != std::string::npos) {
      all += wire_.sent.substr(at + 9, 3) + " ";
      ++at;
    }
    return all;
  }
};

std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n"; }
std::string put(const std::string& path, const std::string& body, const std::string& fields = "") {
  return "PUT " + path + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + fields + "\r\n" + body;
}

// Everything HTTP/1.1 can put between two requests, with errors among them.
const std::string pipelined =
    "\r\n" + put("/a", "hello") + get("/throwaway") + "HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n" +
    "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3;x\r\nabc\r\n0010\r\n0123456789abcdef\r\n0\r\nT: 1\r\n\r\n" +
    put("/early", "a body nobody reads") + "\r\n\r\n" +
    "POST /early HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n" +
    put("/empty", "") + put("/later", "delayed") + get("/status/204") +
    put("/overrun", "12345678") +
    "GET http://other/abs?x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + get("/unseen");

TEST_F(ConversationTest, EverySplitOfAStreamGivesTheSameAnswers) {
  auto play = [this](const std::vector<std::size_t>& cuts) {
    begin();
    std::size_t from = 0;
    for (const auto cut : cuts) {
      send(std::string_view(pipelined).substr(from, cut - from));
      from = cut;
    }
    send(std::string_view(pipelined).substr(from));
    advance(Milliseconds{1});
    return wire_.sent;
  };
  const auto whole = play({});
  const auto seen = log_.joined();
  EXPECT_EQ(replies(), "200 200 200 200 409 409 200 200 204 413 200 ");
  EXPECT_EQ(wire_.ended, Ending::linger);
  EXPECT_EQ(exchanges_.size(), 11U);
  for (std::size_t cut = 1; cut < pipelined.size(); ++cut) {
    ASSERT_EQ(play({cut}), whole) << "cut at " << cut;
    ASSERT_EQ(log_.joined(), seen) << "cut at " << cut;
  }
  std::vector<std::size_t> every;
  for (std::size_t cut = 1; cut < pipelined.size(); ++cut) every.push_back(cut);
  ASSERT_EQ(play(every), whole);
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::size_t> cuts;
    for (std::size_t at = 0; (at += 1 + random() % 40) < pipelined.size();) cuts.push_back(at);
    ASSERT_EQ(play(cuts), whole) << "round " << round;
  }
}

TEST_F(ConversationTest, GarbageIsAnsweredOrWaitedForButNeverWorse) {
  std::mt19937 random(11);
  const std::string seeds[] = {
      pipelined, "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n"};
  for (int round = 0; round < 3000; ++round) {
    begin();
    std::string bytes = seeds[random() % 3];
    if (round % 3 == 0) {
      bytes.resize(random() % 300);
      for (auto& c : bytes) c = static_cast<char>(random() % 256);
    } else {
      for (auto changes = 1 + random() % 4; changes > 0; --changes) {
        bytes[random() % bytes.size()] = static_cast<char>(random() % 256);
      }
    }
    for (std::size_t at = 0; at < bytes.size();) {
      const auto size = 1 + random() % 60;
      send(std::string_view(bytes).substr(at, size));
      at += size;
    }
    advance(Milliseconds{1});
    if (!wire_.ended) talk_->end_of_input();
    pump();
    talk_->deadline_passed();
    talk_->lost();
    ASSERT_TRUE(wire_.ended);
    ASSERT_FALSE(talk_->busy());
    ASSERT_TRUE(wire_.sent.empty() || wire_.sent.starts_with("HTTP/1.1 ")) << wire_.sent;
  }
}

TEST_F(ConversationTest, ABodyIsReadNoFurtherThanItsEnd) {
  begin();
  EXPECT_LE(talk_->wants(), 16U << 10U);
  send("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_EQ(talk_->wants(), 256U << 10U);
  send(std::string(999'990, 'x'));
  EXPECT_EQ(talk_->wants(), 10U);
}

TEST_F(ConversationTest, ChunksBesideALengthAreRefusedOrTakenAsTheLaneHasIt) {
  const std::string lengths[] = {"0", "2", "500"};
  for (const auto& length : lengths) {
    const auto request = "PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: " + length +
                         "\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n" +
                         get("/next");
    http_.chunked_and_length = HttpOptions::ChunkedAndLength::refuse;
    begin();
    send(request);
    EXPECT_EQ(replies(), "400 ") << length;
    EXPECT_EQ(wire_.ended, Ending::linger) << length;
    EXPECT_EQ(log_.joined(), "") << "no handler hears of it";
    EXPECT_EQ(exchanges_, std::vector<std::string>{"PUT 400 0"}) << "it is on record";

    http_.chunked_and_length = HttpOptions::ChunkedAndLength::take;
    begin();
    send(request);
    EXPECT_EQ(replies(), "200 200 ") << length;
    EXPECT_TRUE(log_.has("complete hi")) << log_.joined();
    EXPECT_FALSE(wire_.ended) << length;
  }
}

TEST_F(ConversationTest, AHeadIsRefusedInTheWordsOfTheListenersProfile) {
  const std::string bad = "GET / HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n";
  http_.refusals["field-name"] = {400, "Bad Request: a name", "400 a name", false};
  http_.refusals["expectation"] = {417, "", "", true};
  begin();
  send(bad + get("/next"));
  EXPECT_EQ(wire_.sent,
            "HTTP/1.1 400 Bad Request: a name\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Connection: close\r\n\r\n400 a name");
  EXPECT_EQ(wire_.ended, Ending::linger);
  begin();
  send("PUT /a HTTP/1.1\r\nHost: h\r\nExpect: much\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_TRUE(wire_.sent.starts_with("HTTP/1.1 417 Expectation Failed\r\nDate: ")) << wire_.sent;
  EXPECT_TRUE(wire_.sent.ends_with("Content-Length: 0\r\nConnection: close\r\n\r\n")) << wire_.sent;
  begin();
  send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_NE(wire_.sent.find("exactly one Host"), std::string::npos) << "no words for this one";
}

TEST_F(ConversationTest, ABrokenChunkIsAnsweredInTheWordsOfTheProfile) {
  http_.reads_short_chunk_lines = true;
  http_.refusals["chunk-size"] = {500, "", "no digit\n", true};
  const std::string head =
      "PUT /aborted-is-400 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  begin();
  send(head + "x\r\nhello\r\n");
  EXPECT_EQ(replies(), "500 ");
  EXPECT_TRUE(wire_.sent.ends_with("\r\n\r\nno digit\n")) << wire_.sent;
  EXPECT_NE(wire_.sent.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(wire_.ended, Ending::linger);
  begin();
  send(head + "\r\nhello\r\n");
  EXPECT_EQ(replies(), "400 ") << "no words for this one";
}

TEST_F(ConversationTest, OfARefusedHeadItIsToldWhatWasReadAndWhy) {
  limits_.target_bytes = Bytes{100};
  limits_.header_bytes = Bytes{400};
  const std::string host = "\r\nHost: h\r\n";
  const std::string lots = "X: " + std::string(400, 'x') + "\r\n";
  for (const auto& [sent, told] : std::vector<std::pair<std::string, std::string>>{
           {"\x16\x03\x01", " : the request-line does not start with a method"},
           {"PATCH /files/1 HTTP/1.1\r\n\r\n",
            "PATCH /files/1: an HTTP/1.1 request has exactly one Host header"},
           {"GET /a?password=s3cret HTTP/1.1" + host + " folded\r\n",
            "GET /a?: a header field is folded (obs-fold)"},
           {"POST http://user:s3cret@h/files HTTP/1.1" + host + lots,
            "POST /files: the request head is too long"},
           {"PUT /" + std::string(99, 'b'),
            "PUT /" + std::string(99, 'b') + ": the request-line is too long"},
           {"GET b?s3cret HTTP/1.1" + host + "\r\n",
            "GET b?: the request-target is neither a path nor a URL"},
           {"\r\nGET /c HTTP/3.0" + host + "\r\n",
            "GET /c: only HTTP/1.0 and HTTP/1.1 are spoken here"},
           {"PUT /d?e HTTP/1.1" + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "PUT /d?: Transfer-Encoding and Content-Length exclude each other"}}) {
    begin();
    send(sent);
    EXPECT_EQ(refused_, std::vector<std::string>{told});
  }
  begin();
  send("HEAD /slow HTTP/1.1\r\n");
  talk_->deadline_passed();
  pump();
  EXPECT_EQ(refused_,
            std::vector<std::string>{"HEAD /slow: the request head did not come in time"});
  begin();
  send(get("/fine"));
  EXPECT_TRUE(refused_.empty());
}

TEST_F(ConversationTest, AnEmptyLineBeforeARequestIsRefusedWhereAProfileSaysSo) {
  begin();
  send("\r\n" + get("/a"));
  EXPECT_EQ(replies(), "200 ");
  http_.refuses_empty_lines = true;
  begin();
  send("\r\n" + get("/a"));
  EXPECT_EQ(replies(), "400 ");
  EXPECT_EQ(wire_.ended, Ending::linger);
}

TEST_F(ConversationTest, ALaneMayDrainLessAndSayContinueAlways) {
  http_.drain_bytes = Bytes{10};
  begin();
  send("PUT /early HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n");
  EXPECT_NE(wire_.sent.find("Connection: close"), std::string::npos);
  begin();
  send("PUT /early HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789" + get("/next"));
  EXPECT_EQ(replies(), "409 200 ");

  http_.continues_always = true;
  begin();
  send("PUT /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(replies(), "100 200 ");
}

TEST_F(ConversationTest, ContinueIsSaidWhenTheBodyIsAskedForAndHasNotCome) {
  begin();
  send("PUT /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(wire_.sent, "HTTP/1.1 100 Continue\r\n\r\n");
  send("hi");
  EXPECT_EQ(replies(), "100 200 ");
  EXPECT_FALSE(wire_.ended);

  begin();
  send("PUT /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(replies(), "200 ");
}

TEST_F(ConversationTest, AnInterimResponseGoesAhead) {
  begin();
  send("PUT /interim HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(wire_.sent,
            "HTTP/1.1 104 Upload Resumption Supported\r\nLocation: /a\r\n\r\n"
            "HTTP/1.1 100 Continue\r\n\r\n");
  send("hi");
  EXPECT_EQ(replies(), "104 100 200 ");

  begin();
  send("PUT /interim HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(replies(), "200 ") << "HTTP/1.0 knows none";
}

TEST_F(ConversationTest, ARefusalInsteadOfContinueWaitsForNoBody) {
  begin();
  send("PUT /early HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(replies(), "409 ");
  EXPECT_NE(wire_.sent.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(wire_.ended, Ending::linger);

  // A client that did not wait is kept in step instead.
  begin();
  send("PUT /early HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi" +
       get("/next"));
  EXPECT_EQ(replies(), "409 200 ");
  EXPECT_FALSE(wire_.ended);
}

TEST_F(ConversationTest, AnUnreadBodyIsDroppedAfterTheReply) {
  begin();
  send("PUT /early HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n");
  EXPECT_EQ(replies(), "409 ") << "before the body came";
  EXPECT_EQ(wire_.limit, limits_.read_timeout);
  send(std::string(500'000, 'x'));
  send(get("/next"));
  EXPECT_EQ(replies(), "409 200 ");
}

TEST_F(ConversationTest, AnUnreadBodyBeyondTheLimitEndsTheConnection) {
  limits_.drain_bytes = Bytes{1000};
  begin();
  send("PUT /early HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_NE(wire_.sent.find("Connection: close"), std::string::npos);
  EXPECT_EQ(wire_.ended, Ending::linger);

  begin();
  send("PUT /early HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 20 && !wire_.ended; ++i) send("64\r\n" + std::string(100, 'x') + "\r\n");
  EXPECT_EQ(wire_.ended, Ending::linger);
}

TEST_F(ConversationTest, AnUnreadBodyEndsTheConnectionAtOnceWhenTheHandlerSaysSo) {
  begin();
  send("PUT /early HTTP/1.1\r\nHost: h\r\nX-Unread: close\r\nContent-Length: 5\r\n\r\n");
  EXPECT_NE(wire_.sent.find("Connection: close"), std::string::npos);
  EXPECT_EQ(wire_.ended, Ending::close);
  // Nothing is unread here, so the connection stays.
  begin();
  send("PUT /early HTTP/1.1\r\nHost: h\r\nX-Unread: close\r\nContent-Length: 0\r\n\r\n");
  EXPECT_FALSE(wire_.ended);
}

TEST_F(ConversationTest, ADisconnectInTheBodyIsToldOnceAfterAllThatCame) {
  begin();
  send("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n1234");
  talk_->end_of_input();
  talk_->lost();
  EXPECT_EQ(log_.joined(), "aborted 1234\ngone\n");
  EXPECT_EQ(wire_.sent, "");
  EXPECT_TRUE(wire_.ended);
  EXPECT_EQ(exchanges_, std::vector<std::string>{"PUT 0 4 aborted"});
}

TEST_F(ConversationTest, ABrokenChunkIsAnAbortThatIsAnswered) {
  begin();
  send("PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\nmore\r\n");
  EXPECT_EQ(log_.joined(), "aborted ab\ngone\n");
  EXPECT_EQ(replies(), "400 ");
  EXPECT_EQ(wire_.ended, Ending::linger);
}

TEST_F(ConversationTest, ABodyThatStopsComingIsAnsweredAndTheConnectionCloses) {
  begin();
  send("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n1234");
  EXPECT_EQ(wire_.limit, limits_.read_timeout);
  talk_->deadline_passed();
  EXPECT_EQ(log_.joined(), "timed_out 1234\ngone\n");
  EXPECT_EQ(replies(), "408 ");
  EXPECT_EQ(wire_.ended, Ending::linger);
}

TEST_F(ConversationTest, EachWaitHasItsOwnLimit) {
  begin();
  EXPECT_EQ(wire_.limit, limits_.idle_timeout);
  send("G");
  EXPECT_EQ(wire_.limit, limits_.header_timeout);
  wire_.limit = seconds{999};
  send("ET / HTTP/1.1\r\n");
  EXPECT_EQ(wire_.limit, seconds{999}) << "one limit for the whole head";
  talk_->deadline_passed();
  EXPECT_EQ(replies(), "408 ");
  EXPECT_EQ(wire_.ended, Ending::linger);

  begin();
  send(put("/never", "x"));
  EXPECT_EQ(wire_.limit, std::nullopt) << "a handler may think as long as it likes";

  begin();
  send(get("/a"));
  EXPECT_EQ(wire_.limit, limits_.idle_timeout);
  talk_->deadline_passed();
  EXPECT_EQ(replies(), "200 ");
  EXPECT_EQ(wire_.ended, Ending::fin);
}

// Once, a connection that was busy all the time was closed, with the request on it unanswered.
TEST_F(ConversationTest, EachRequestIsWaitedForAnew) {
  begin();
  send(get("/a"));
  wire_.limit = seconds{999};
  send(get("/b"));
  EXPECT_EQ(wire_.limit, limits_.idle_timeout) << "it was not idle all along";
  send("G");
  wire_.limit = seconds{999};
  send(get("/c").substr(1) + "G");
  EXPECT_EQ(wire_.limit, limits_.header_timeout) << "that is another head";
  EXPECT_EQ(replies(), "200 200 200 ");
}

TEST_F(ConversationTest, AHalfClosedClientGetsItsAnswer) {
  begin();
  send(put("/later", "x"));
  talk_->end_of_input();
  EXPECT_FALSE(wire_.ended);
  advance(Milliseconds{1});
  EXPECT_EQ(replies(), "200 ");
  EXPECT_EQ(wire_.ended, Ending::fin);
}

TEST_F(ConversationTest, AnAnswerForADeadConnectionIsHarmless) {
  begin();
  send(put("/later", "x"));
  talk_->lost();
  EXPECT_EQ(log_.joined(), "complete x\ngone\n");
  advance(Milliseconds{1});
  EXPECT_EQ(wire_.sent, "");
}

TEST_F(ConversationTest, AnExceptionIsAnInternalError) {
  begin();
  send(get("/throw"));
  EXPECT_EQ(replies(), "500 ");
  EXPECT_EQ(wire_.sent.find("on purpose"), std::string::npos) << "not for clients";
  EXPECT_EQ(loop_.troubles, std::vector<std::string>{"GET /throw: thrown on purpose"});
  EXPECT_EQ(wire_.ended, Ending::linger);
}

TEST_F(ConversationTest, ALogThatCannotBeWrittenIsNoMatterOfTheClient) {
  begin();
  forgets_ = true;
  send(get("/a") + get("/b"));
  EXPECT_EQ(replies(), "200 200 ");
  EXPECT_EQ(loop_.troubles.size(), 2U);
}

TEST_F(ConversationTest, AReplyWaitsForTheKernel) {
  begin();
  wire_.full = true;
  send(get("/a") + get("/b"));
  EXPECT_EQ(replies(), "200 ");
  EXPECT_TRUE(exchanges_.empty());
  talk_->written();
  EXPECT_EQ(replies(), "200 200 ");
  EXPECT_EQ(exchanges_.size(), 1U);
}

// ---- replies that have a source

TEST_F(ConversationTest, NoSplitOfAStreamChangesALongReply) {
  const auto stream = get("/source/40000") + put("/slow/33000", "unread") + get("/slow/0") +
                      "HEAD /source/40000 HTTP/1.1\r\nHost: h\r\n\r\n" + get("/a");
  const auto play = [&](std::size_t cut) {
    begin();
    send(std::string_view(stream).substr(0, cut));
    send(std::string_view(stream).substr(cut));
    return wire_.sent;
  };
  const auto whole = play(0);
  EXPECT_EQ(replies(), "200 200 200 200 200 ");
  EXPECT_TRUE(whole.ends_with("GET /a? ")) << "nothing follows a reply to HEAD";
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    ASSERT_EQ(play(cut) == whole, true) << "cut at " << cut;
    ASSERT_EQ(exchanges_.size(), 5U);
  }
}

TEST_F(ConversationTest, ASourceIsReadAsTheKernelTakesItAndNoSooner) {
  constexpr std::size_t size = 1'000'000;
  for (const std::string path : {"/source/", "/slow/"}) {
    begin();
    wire_.full = true;
    send(get(path + std::to_string(size)) + get("/next"));
    for (int turn = 0; turn < 1000 && replies() == "200 "; ++turn) {
      ASSERT_LE(log_.drawn, turn * (64U << 10U) + (64U << 10U));
      ASSERT_LE(wire_.pieces.back().size(), 64U << 10U);
      talk_->written();
      pump();
    }
    EXPECT_EQ(replies(), "200 200 ");
    EXPECT_EQ(log_.drawn, size);
    EXPECT_NE(wire_.sent.find("Content-Length: 1000000\r\n"), std::string::npos);
    const auto body = wire_.sent.find("\r\n\r\n") + 4;
    EXPECT_TRUE(wire_.sent.substr(body, size) == test::test_bytes(size));
    EXPECT_EQ(sent_, Bytes{body + size});
  }
}

TEST_F(ConversationTest, AFastReaderLeavesTheOthersTheirTurns) {
  begin();
  const auto request = get("/source/10000000");
  talk_->feed(std::as_bytes(std::span(request)));
  EXPECT_TRUE(wire_.woken);
  EXPECT_LE(wire_.sent.size(), 512U << 10U);
  pump();
  EXPECT_TRUE(wire_.sent.ends_with(test::test_bytes(10'000, 9'990'000)));
  EXPECT_FALSE(talk_->busy());
}

TEST_F(ConversationTest, ASourceThatEndsEarlyCutsTheConnection) {
  begin();
  send(get("/short/1000000"));
  EXPECT_EQ(wire_.ended, Ending::rst);
  EXPECT_LE(wire_.sent.size(), 101'000U);
  EXPECT_EQ(exchanges_, std::vector<std::string>{"GET 200 0 aborted"});
  EXPECT_EQ(loop_.troubles, std::vector<std::string>{"GET /short/1000000: test: short"});
}

TEST_F(ConversationTest, AWorkerThatCannotReadCutsTheConnection) {
  begin();
  loop_.before_work = [turn = 0]() mutable {
    if (turn++ == 1) throw std::bad_alloc();
  };
  send(get("/slow/1000000"));
  EXPECT_EQ(wire_.ended, Ending::rst);
  EXPECT_LE(wire_.sent.size(), 64U << 10U);
  EXPECT_EQ(exchanges_, std::vector<std::string>{"GET 200 0 aborted"});
}

TEST_F(ConversationTest, ASourceWithoutASingleByteIsAnError) {
  begin();
  loop_.before_work = [] { throw std::bad_alloc(); };
  send(get("/slow/1000") + get("/unseen"));
  EXPECT_EQ(replies(), "507 ");
  EXPECT_EQ(wire_.ended, Ending::linger);
}

TEST_F(ConversationTest, AClientMayLeaveWhileAWorkerReads) {
  begin();
  const auto request = get("/slow/1000");
  talk_->feed(std::as_bytes(std::span(request)));
  talk_->lost();
  loop_.run();
  EXPECT_EQ(wire_.sent, "");
  EXPECT_EQ(exchanges_, std::vector<std::string>{"GET 200 0 aborted"});
  talk_.reset();

  begin();
  talk_->feed(std::as_bytes(std::span(request)));
  talk_.reset();
  loop_.run();
}

TEST_F(ConversationTest, AnOldClientGetsALongBodyToo) {
  begin();
  send("GET /source/100000 HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(wire_.sent.ends_with("\r\n\r\n" + test::test_bytes(100'000)));
  EXPECT_EQ(wire_.ended, Ending::linger);
}

TEST_F(ConversationTest, AnUnreadBodyIsDrainedBesideALongReply) {
  begin();
  wire_.full = true;
  send(put("/source/100000", std::string(1'000'000, 'x')) + get("/next"));
  EXPECT_EQ(held_, get("/next")) << "the body is dropped while the reply is not taken";
  for (int turn = 0; turn < 10; ++turn) {
    talk_->written();
    pump();
  }
  EXPECT_EQ(replies(), "200 200 ");
}

TEST_F(ConversationTest, ShutdownLetsTheExchangeEndAndTellsTheClient) {
  begin();
  talk_->shut_down();
  EXPECT_EQ(wire_.ended, Ending::fin);

  begin();
  send(put("/later", "x") + get("/next"));
  talk_->shut_down();
  EXPECT_FALSE(wire_.ended);
  EXPECT_TRUE(talk_->busy());
  advance(Milliseconds{1});
  EXPECT_EQ(replies(), "200 ");
  EXPECT_NE(wire_.sent.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(wire_.ended);
}

TEST_F(ConversationTest, OldClientsKeepTheConnectionOnlyWhenTheyAsk) {
  begin();
  send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(wire_.sent.find("Connection: keep-alive"), std::string::npos);
  EXPECT_FALSE(wire_.ended);
  send("PUT /a HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nab");
  EXPECT_EQ(replies(), "200 200 ");
  EXPECT_EQ(wire_.ended, Ending::linger);
}

}  // namespace
}  // namespace mock
