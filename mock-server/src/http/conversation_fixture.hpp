// For tests: a TalkDriver as a GoogleTest fixture.
#pragma once

#include <gtest/gtest.h>

#include "http/test_talk.hpp"

namespace mock::test {

class ConversationFixture : public testing::Test, public TalkDriver {};

}  // namespace mock::test
