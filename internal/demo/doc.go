// Package demo is a shop to put behind Sojourn and people to send to it: a small
// REST API that really works in memory, and seeded traffic of browsers, phones,
// partners and a crawler in front of it.
//
// The traffic is a pure function of the seed and the clock: the same minute of
// the same seed holds the same visits, whether they are driven live through a
// proxy (Drive) or written as a HAR of past days (WriteHAR). A client depends
// on responses only through its own jar: the token, the cookie and the order
// number that the shop gave it. Nothing here knows how sessions are found, and
// the engine knows nothing of the demo.
package demo
