// Says loudly when the page no longer follows the station. It refreshes itself; what is old in spite of that is stale.
"use strict";
(function () {
  const banner = document.getElementById("stale");
  const updated = Number(banner.dataset.updated);
  function look() {
    const minutes = Math.floor((Date.now() / 1000 - updated) / 60);
    if (minutes >= 1) {
      banner.querySelector("span").textContent = minutes + (minutes === 1 ? " minute" : " minutes");
      banner.hidden = false;
      document.title = "STALE: " + document.title.replace(/^STALE: /, "");
    }
  }
  look();
  setInterval(look, 5000);
})();
