/* What the scripts of all our pages share. */
"use strict";

// Coordinates are steps in millionths of a degree, longitude first; each path starts where the one before ended.
function decoder() {
  let lon = 0;
  let lat = 0;
  return (steps) => {
    const path = [];
    for (let i = 0; i < steps.length; i += 2) {
      lon += steps[i];
      lat += steps[i + 1];
      path.push([lat / 1e6, lon / 1e6]);
    }
    return path;
  };
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text; // never parsed as HTML
  return made;
}
