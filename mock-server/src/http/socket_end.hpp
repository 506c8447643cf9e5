// How a connection ends, whoever ends it.
#pragma once

namespace mock {

/// How a connection ends, or fails to.
enum class SocketEnd {
  keep,        ///< as HTTP says
  fin,         ///< close in order, at once
  rst,         ///< SO_LINGER 0: the peer sees ECONNRESET; over TLS without close_notify
  stall,       ///< neither read nor write anything more, keep the socket open until the peer leaves
  half_close,  ///< FIN, but go on taking (and dropping) what the peer sends until it leaves
  zombie,      ///< go on taking and dropping, never say anything more, until the peer leaves
};

}  // namespace mock
