// Keeps the key that came with the link where only pages of this very port find it: a browser sends cookies to
// every port of a host. Then it leads on, so that the link is not what a reload asks for.

const { key } = document.documentElement.dataset;
if (key) localStorage.setItem("key", key);
location.replace("/");
