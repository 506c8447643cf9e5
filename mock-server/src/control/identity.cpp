// /_mock/tokens and /_mock/keys: any token a test wants, and the keys that sign them.
#include "auth/auth.hpp"
#include "control/call.hpp"

namespace mock::control {

void mint_token(Call& call) {
  const auto wish = parse_mint_request(call.body);
  if (!wish) return call.answer(reply_error(400, wish.error()));
  const auto token = call.lane.auth().mint(*wish);
  if (!token) {
    const bool wrong = !token.error().where.empty();
    return call.answer(reply_error(wrong ? 400 : 500, token.error()));
  }
  call.answer(json_reply(201, to_json(*token)));
}

void revoke_token(Call& call) {
  const auto token = decode_body(call, [](const json::Cursor& root) {
    root.only({"token"});
    return root.at("token").string();
  });
  if (!token) return;
  if (const auto revoked = call.lane.auth().revoke(*token); !revoked) {
    return call.answer(reply_error(500, revoked.error()));
  }
  Reply reply;
  reply.status = 204;
  call.answer(std::move(reply));
}

void rotate_keys(Call& call) {
  const auto retire = decode_body(call, [](const json::Cursor& root) {
    root.only({"retire_earlier"});
    const auto flag = root.find("retire_earlier");
    return flag && flag->boolean();
  });
  if (!retire) return;
  const auto kid = call.lane.auth().rotate_keys(*retire);
  if (!kid) return call.answer(reply_error(500, kid.error()));
  call.answer(reply_json(201, {{"kid", *kid}}));
}

}  // namespace mock::control
