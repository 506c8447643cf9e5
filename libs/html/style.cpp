#include "html/style.hpp"

namespace html {

const std::string_view style_sheet = R"css(
:root{color-scheme:light dark;--ground:#fff;--raised:#f5f6f8;--text:#1b1f24;--soft:#525c68;
--line:#d3d8de;--link:#0b57b0;--good:#1a6b34;--bad:#b3251d;--warning:#7d5200;--neutral:#525c68;
--s1:#0b62c4;--s2:#b4500a;--s3:#1f7a4c;--s4:#8a3fb0;--s5:#a3195b;--s6:#4d5a67;--mark:#e9e3d2;
--mark-line:#8a6d1f}
@media (prefers-color-scheme:dark){:root{--ground:#14171b;--raised:#1e2329;--text:#e8ebee;
--soft:#a9b3be;--line:#3a424b;--link:#8cbcff;--good:#6fd08c;--bad:#ff9288;--warning:#f0c15c;
--neutral:#a9b3be;--s1:#6cb0ff;--s2:#ffa45c;--s3:#62cf97;--s4:#d59bf5;--s5:#ff8ec0;--s6:#b4bfca;
--mark:#3a3420;--mark-line:#d9b74d}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:72rem;padding:0 1.25rem 3rem;background:var(--ground);
color:var(--text);font:1rem/1.5 system-ui,"Segoe UI","Noto Sans","DejaVu Sans",sans-serif;
overflow-wrap:break-word}
h1{font-size:1.25rem;font-weight:600;margin:1.25rem 0 .5rem;overflow-wrap:anywhere}
h2{font-size:1.3rem;margin:0 0 .75rem}
h3{font-size:1.05rem;margin:1.5rem 0 .5rem}
p{margin:.5rem 0;max-width:46rem}
a{color:var(--link)}
a:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--link);
outline-offset:2px}
main:focus{outline:none}
.skip{position:absolute;left:-100vw;background:var(--raised);padding:.5rem 1rem}
.skip:focus{left:1rem;top:.5rem}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:0 0 1rem;padding:0}
section{margin-top:2.5rem;padding-top:1.25rem;border-top:1px solid var(--line)}
.verdict{border:1px solid var(--line);border-left:.5rem solid var(--neutral);border-radius:.4rem;
background:var(--raised);padding:.75rem 1.25rem}
.verdict.good{border-left-color:var(--good)}.verdict.bad{border-left-color:var(--bad)}
.verdict.warning{border-left-color:var(--warning)}
.headline{font-size:1.5rem;font-weight:650;line-height:1.3;margin:.25rem 0 .75rem;max-width:none;
overflow-wrap:anywhere}
.good>.sign,.good>.headline>.sign{color:var(--good)}
.bad>.sign,.bad>.headline>.sign{color:var(--bad)}
.warning>.sign,.warning>.headline>.sign{color:var(--warning)}
.sign{font-weight:700}
.badge{white-space:nowrap;font-weight:600}
.badge.good{color:var(--good)}.badge.bad{color:var(--bad)}.badge.warning{color:var(--warning)}
.note{border-left:.3rem solid var(--neutral);background:var(--raised);padding:.4rem .8rem}
.note.bad{border-left-color:var(--bad)}.note.warning{border-left-color:var(--warning)}
.note.good{border-left-color:var(--good)}
.soft{color:var(--soft)}
dl{margin:.75rem 0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.75rem 1.5rem}
.figures dd{font-size:1.25rem;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.3}
.figures dt{font-size:.9rem}
.facts>div{display:grid;grid-template-columns:minmax(8rem,13rem) 1fr;gap:0 1rem;padding:.15rem 0}
.scroll{overflow-x:auto;margin:.75rem 0}
table{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);padding:.25rem 0 .4rem}
th,td{padding:.3rem .9rem .3rem 0;text-align:left;vertical-align:top;
border-bottom:1px solid var(--line)}
thead th{font-weight:600;color:var(--soft);vertical-align:bottom}
tbody th{font-weight:600}
td{max-width:34rem;overflow-wrap:break-word}
.n{text-align:right;white-space:nowrap}
details{margin:.6rem 0}
summary{cursor:pointer;color:var(--link);padding:.15rem 0}
.folded{border-left:2px solid var(--line);padding-left:1rem;margin:.25rem 0 .75rem .3rem}
pre{background:var(--raised);border:1px solid var(--line);border-radius:.3rem;padding:.6rem .8rem;
overflow-x:auto;font:.88rem/1.45 ui-monospace,"DejaVu Sans Mono",monospace;white-space:pre-wrap;
overflow-wrap:anywhere}
pre.command{user-select:all}
code{font:.92em ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
figure{margin:1rem 0 1.5rem}
figcaption{font-weight:600;margin-bottom:.25rem}
figcaption p{font-weight:400;margin:.1rem 0 .3rem}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(22rem,100%),1fr));gap:0 2rem}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{fill:var(--text);font:12px system-ui,"Segoe UI","Noto Sans","DejaVu Sans",sans-serif}
svg .soft{fill:var(--soft)}
svg .wait{stroke:var(--soft);stroke-width:1.2;stroke-dasharray:1 2}
svg .sign{fill:var(--text);font-weight:700;paint-order:stroke;stroke:var(--ground);
stroke-width:3px;stroke-linejoin:round}
svg .tick{stroke:var(--text);stroke-width:2}
.wide{min-width:44rem}
.bar{display:inline-block;width:8.5rem;height:.75rem}
svg .grid{stroke:var(--line);stroke-width:1}
svg .band{fill:var(--mark)}
svg .mark{stroke:var(--mark-line);stroke-width:1.5;stroke-dasharray:2 3}
svg .edge{stroke:var(--line);stroke-width:1;stroke-dasharray:1 3}
svg .line{fill:none;stroke-width:2;stroke-linejoin:round}
.s1{stroke:var(--s1)}.s2{stroke:var(--s2);stroke-dasharray:7 3}
.s3{stroke:var(--s3);stroke-dasharray:2 3}.s4{stroke:var(--s4);stroke-dasharray:9 3 2 3}
.s5{stroke:var(--s5);stroke-dasharray:12 5}.s6{stroke:var(--s6);stroke-dasharray:4 4}
.f1{fill:var(--s1)}.f2{fill:var(--s2)}.f3{fill:var(--s3)}.f4{fill:var(--s4)}.f5{fill:var(--s5)}
.f6{fill:var(--s6)}
.h2{fill:var(--ground);stroke:var(--s2);stroke-width:1.5}
.fgood{fill:var(--good)}.fbad{fill:var(--bad)}.fwait{fill:var(--line)}
.key{display:flex;flex-wrap:wrap;gap:.2rem 1.25rem;list-style:none;margin:.2rem 0;padding:0;
font-size:.9rem}
.key li{display:flex;align-items:center;gap:.45rem}
.key svg{width:34px;height:12px;flex:none}
footer{margin-top:3rem;border-top:1px solid var(--line);color:var(--soft);font-size:.9rem}
@media (forced-colors:active){svg .line,svg .tick{stroke:var(--text);stroke-width:2}
svg .grid{forced-color-adjust:auto}}
@media print{body{max-width:none;padding:0}nav,.skip{display:none}section{break-inside:auto}
figure,tr{break-inside:avoid}.scroll{overflow:visible}}
)css";

}  // namespace html
