import{u as e,a as s,f as r}from"./index-fO6Aeo_i.js";function i(){const a=e(r);return s("p",{class:"waiting",children:a("frame.loading")})}export{i as default};
