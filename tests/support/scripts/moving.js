() => [...document.querySelectorAll("*")].filter((one) => {
  const style = getComputedStyle(one);
  return [...style.transitionDuration.split(","), ...style.animationDuration.split(",")].some((time) => parseFloat(time) > 0) || style.scrollBehavior === "smooth";
}).map((one) => one.outerHTML.slice(0, 80)).concat(document.getAnimations().map(String))
