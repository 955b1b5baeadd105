var x, Be, A, he, ae, Re, ee, Ze, be, fe, le = Symbol.for("pv"), oe = {}, ie = [], st = /^m(i|n|o|s|text|space)$/, we = Array.isArray, qe = ie.slice, j = Object.assign;
function V(e) {
  e && e.parentNode && e.remove();
}
function te(e, t, n, a, o) {
  var r = { type: e, props: t, key: n, ref: a, __k: null, __: null, __b: 0, __e: null, __c: null, constructor: le, __v: o || ++Be, __i: -1, __u: 0 };
  return !o && x.vnode && x.vnode(r), r;
}
function C(e) {
  return e.children;
}
function ne(e, t) {
  this.props = e, this.context = t, this.__g = 0;
}
function H(e, t) {
  if (t == null) return e.__ && H(e.__, e.__i + 1);
  for (var n; t < e.__k.length; t++) if ((n = e.__k[t]) && n.__e) return n.__e;
  return typeof e.type != "function" || e.props.__P ? null : H(e);
}
function lt(e) {
  var t, n = e.__v, a = n.__e, o = [], r = [], s = e.__P;
  s && ((t = j({ constructor: le }, n)).__v = n.__v + 1, x.vnode && x.vnode(t), ke(s, t, n, e.__n, s.namespaceURI, 32 & n.__u ? [a] : null, o, a || H(n), 32 & n.__u, r), t.__v = n.__v, t.__.__k[t.__i] = t, Xe(o, t, r), n.__ = n.__e = null, t.__e != a && Ge(t));
}
function Ge(e) {
  if ((e = e.__) && e.__c && !e.props.__P) return e.__e = null, e.__k.some(function(t) {
    return t && (e.__e = t.__e);
  }), Ge(e);
}
function Se(e) {
  (8 & e.__g || (e.__g |= 8, A.push(e), ae++)) && he == x.debounceRendering || ((he = x.debounceRendering) || queueMicrotask)(Ke);
}
function Ke() {
  try {
    for (var e, t = 1; A.length; ) A.length > t && A.sort(Re), e = A.shift(), t = A.length, 8 & e.__g && lt(e);
  } finally {
    (ae = A.length) && (he || queueMicrotask)(Ke);
  }
}
function Ye(e, t, n, a, o, r, s, c, m, p, d) {
  var _, h, l, u, v, f, g = a.__k || ie, y = t.length;
  for (m = ct(n, t, g, m, y), _ = 0; _ < y; _++) (l = n.__k[_]) != null && (h = ~l.__i && g[l.__i] || oe, l.__i = _, f = ke(e, l, h, o, r, s, c, m, p, d), u = l.__e, (h.ref != l.ref || 8 & h.__u) && (h.ref && Me(h.ref, null, l, h), l.ref && d.push(l.ref, l.__c || u, l)), v = v || u, 4 & l.__u ? (m = Je(l, m, e, !h.__v), h.__e && (h.__e = null)) : typeof l.type == "function" && f !== void 0 ? m = f : u && (m = u.nextSibling), l.__u &= -21);
  return n.__e = v, m;
}
function ct(e, t, n, a, o) {
  var r, s, c, m, p, d, _, h, l, u = n.length, v = u, f = 0, g = 0, y = e.__k = Array(o);
  for (r = 0; r < o; r++) (s = t[r]) != null && typeof s != "boolean" && typeof s != "function" ? (typeof s != "object" || s.constructor === String ? s = y[r] = te(null, s) : we(s) ? s = y[r] = te(C, { children: s }) : s.constructor === le && s.__b ? s = y[r] = te(s.type, s.props, s.key, s.ref, s.__v) : y[r] = s, m = r + f, s.__ = e, s.__b = e.__b + 1, c = null, ~(p = s.__i = dt(s, n, m, v)) && (v--, (c = n[p]) && (c.__u |= 2)), c && c.__v ? (s.__u |= 16, p == m - 1 ? f-- : p == m + 1 ? f++ : p != m && (p > m ? f-- : f++, g = 1)) : (~p || (o > u ? f-- : o < u && f++), typeof s.type != "function" && (s.__u |= 4))) : y[r] = null;
  if (g) {
    for (d = [], _ = [], r = 0; r < o; r++) if ((s = y[r]) && 16 & s.__u) {
      for (f = 0, h = d.length; f < h; ) d[l = f + h >> 1] < s.__i ? f = l + 1 : h = l;
      d[f] = s.__i, _[r] = f + 1;
    }
    for (f = d.length; r--; ) _[r] && (_[r] == f ? f-- : y[r].__u |= 4);
  }
  if (v) for (r = 0; r < u; r++) !(c = n[r]) || 2 & c.__u || (c.__e == a && (a = H(c)), Ce(c, c));
  return a;
}
function Je(e, t, n, a) {
  var o, r, s, c;
  if (typeof e.type == "function") {
    if (e.props.__P) return t;
    if (o = e.__k) for (r = 0; r < o.length; r++) o[r] && (o[r].__ = e, t = Je(o[r], t, n, !1));
    return t;
  }
  for (t && !t.parentNode && (t = H(e)) && !t.parentNode && (t = null), s = e.__e, c = t; c && c.nodeType == 8; ) c = c.nextSibling;
  for (s != c && (!a && n.moveBefore && s.parentNode ? n.moveBefore(s, t) : n.insertBefore(s, t || null)), t = s; (t = t && t.nextSibling) && t.nodeType == 8 && !t.data.startsWith("$s"); ) ;
  return t;
}
function dt(e, t, n, a) {
  var o, r = e.key, s = e.type, c = t[n], m = c && !(2 & c.__u);
  if (c === null && r == null || m && r == c.key && s == c.type) return n;
  if (a > (m ? 1 : 0)) {
    for (o = n - 1; o >= 0; o--) if ((c = t[o]) && !(2 & c.__u) && r == c.key && s == c.type) return o;
    for (o = n + 1; o < t.length; o++) if ((c = t[o]) && !(2 & c.__u) && r == c.key && s == c.type) return o;
  }
  return -1;
}
function Ae(e, t, n) {
  n == null && (n = ""), t[0] == "-" ? e.setProperty(t, n) : e[t] = n;
}
function Y(e, t, n, a, o) {
  var r, s;
  if (t == "style") if (typeof n == "string") e.style.cssText = n;
  else {
    if (typeof a == "string" && (e.style.cssText = a = ""), a) for (t in a) n && t in n || Ae(e.style, t);
    if (n) for (t in n) a && n[t] == a[t] || Ae(e.style, t, n[t]);
  }
  else if (t[0] == "o" && t[1] == "n") typeof n != "function" && (n = null), typeof a != "function" && (a = null), (e.__e || (e.__e = {}))[t] = n, n && a || (s = fe[t] || (fe[t] = ut(t)), (e.__a || (e.__a = {}))[t] = be, r = t != (t = t.replace(Ze, "$1")), (t = t.slice(2))[0] < "a" && (t = t.toLowerCase()), n ? e.addEventListener(t, s, r) : e.removeEventListener(t, s, r));
  else {
    if (o == "http://www.w3.org/2000/svg") t = t.replace(/xlink(H|:h)/, "h").replace(/sName$/, "s");
    else if (t != "width" && t != "height" && t != "href" && t != "list" && t != "form" && t != "tabIndex" && t != "download" && t != "rowSpan" && t != "colSpan" && t != "role" && t != "popover" && t in e) try {
      return void (e[t] = n ?? "");
    } catch {
    }
    if (typeof n == "function") return;
    n == null || n === !1 && t[4] != "-" ? e.removeAttribute(t) : e.setAttribute(t, t == "popover" && n == 1 ? "" : n);
  }
}
function ut(e) {
  return function(t) {
    var n = this.__e;
    if (n) {
      if (n = n[e], t[ee] == null) t[ee] = be++;
      else if (t[ee] < this.__a[e]) return;
      return n(x.event ? x.event(t) : t);
    }
  };
}
function ke(e, t, n, a, o, r, s, c, m, p) {
  var d, _, h, l, u, v, f, g, y, M, b, ce, $e, K, P, Le, S, T, L = t.type;
  if (t.constructor !== le) return null;
  128 & n.__u && (m = 32 & n.__u, d = n.__c.__z) && (t.__u |= m, _ = r = [], d.nodeType == 8 ? c = re(d, r) : r.push(d), c = r[0] || c), (d = x.__b) && d(t);
  e: if (typeof L == "function") {
    h = s.length;
    try {
      if (g = t.props, y = (d = L.prototype) && d.render, M = (d = L.contextType) && a[d.__c], b = d ? M ? M.props.value : d.__ : a, (l = n.__c) ? (t.__c = l, 2 & l.__g && (l.__g |= 1)) : (y ? t.__c = l = new L(g, b) : (t.__c = l = new ne(g, b), l.constructor = L, l.render = pt), M && M.sub(l), l.state || (l.state = {}), l.__n = a, l.__g |= 8, l.__h = [], l.__k = []), y && (l.__s || (l.__s = l.state), L.getDerivedStateFromProps && (l.__s == l.state && (l.__s = j({}, l.__s)), j(l.__s, L.getDerivedStateFromProps(g, l.__s)))), u = l.props, v = l.state, l.__v = t, n.__c) {
        if (g !== u && y && !L.getDerivedStateFromProps && l.componentWillReceiveProps && l.componentWillReceiveProps(g, b), t.__v == n.__v && !(8 & l.__g) || !(4 & l.__g) && l.shouldComponentUpdate && l.shouldComponentUpdate(g, l.__s, b) === !1) {
          t.__v != n.__v && (l.props = g, l.state = l.__s, l.__g &= -9), t.__e = n.__e, t.__k = n.__k, t.__k.some(function(z) {
            z && (z.__ = t);
          }), ie.push.apply(l.__h, l.__k), l.__k = [], l.__h.length && s.push(l), c = H(n);
          break e;
        }
        l.componentWillUpdate && l.componentWillUpdate(g, l.__s, b), y && l.componentDidUpdate && l.__h.push(function() {
          l.componentDidUpdate(u, v, f);
        });
      } else y && !L.getDerivedStateFromProps && l.componentWillMount && l.componentWillMount(), y && l.componentDidMount && l.__h.push(l.componentDidMount);
      l.context = b, l.props = g, l.__P = e, l.__g &= -5, ce = x.__r, $e = y ? 25 : 0;
      do
        l.__g &= -9, ce && ce(t), d = l.render(l.props, l.state = l.__s, l.context);
      while (8 & l.__g && ++$e < 25);
      y && (ie.push.apply(l.__h, l.__k), l.__k = []), l.state = l.__s, l.getChildContext && (a = j({}, a, l.getChildContext())), y && n.__c && l.getSnapshotBeforeUpdate && (f = l.getSnapshotBeforeUpdate(u, v)), K = d && d.type === C && d.key == null ? d.props.children : d, g.__P && (d = c, o = (e = g.__P).namespaceURI, m = r = null, n.props && n.props.__P != e && (n.__k.some(function(z) {
        z && Ce(z, z);
      }), n.__k = null), c = n.__k ? H(n, 0) : null), c = Ye(e, we(K) ? K : [K], t, n, a, o, r, s, c, m, p), g.__P && (t.__e = null, c = d), t.__u &= -161, _ && _.some(V), l.__h.length && s.push(l), 1 & l.__g && (l.__g &= -4);
    } catch (z) {
      if (s.length = h, t.__v = null, m || r) if (z && z.then) {
        if (t.__u |= 128 | m, r) {
          for (~(S = r.indexOf(c || void 0)) || (S = r.length); (T = r[S - 1]) && T.nodeType == 8; ) S--;
          for (; S < r.length; S++) if (T = r[S]) if (r[S] = null, P) {
            if (T == Le) break;
          } else {
            if (T.nodeType != 8) break;
            T.data.startsWith("$s") && (Le = re(P = T));
          }
        }
        if (!P) {
          for (; c && c.nodeType == 8 && c.nextSibling; ) c = c.nextSibling;
          P = c;
        }
        (d = re(P = t.__c.__z || (t.__c.__z = P))) ? (t.__e = P, c = d) : t.__e = c, c = c && c.nextSibling;
      } else r && r.some(V);
      else t.__e = n.__e;
      t.__k || (t.__k = n.__k || []), z && z.then || Qe(t), x.__e(z, t, n);
    }
  } else c = t.__e = mt(n.__e, t, n, a, o, r, s, m, p, e);
  return (d = x.diffed) && d(t), c;
}
function re(e, t) {
  if (e && e.nodeType == 8 && e.data.startsWith("$s")) for (var n = 1; e = e.nextSibling; ) {
    if (e.nodeType == 8) {
      if (e.data.startsWith("$s")) n++;
      else if (e.data.startsWith("/$s") && !--n) return e;
    }
    t && t.push(e);
  }
}
function Qe(e) {
  e && (e.__c && (e.__c.__g |= 4), e.__k && e.__k.some(Qe));
}
function Xe(e, t, n) {
  for (var a = 0; a < n.length; ) Me(n[a++], n[a++], n[a++]);
  x.__c && x.__c(t, e), e.some(function(o) {
    try {
      e = o.__h, o.__h = [], e.some(function(r) {
        r.call(o);
      });
    } catch (r) {
      x.__e(r, o.__v);
    }
  });
}
function mt(e, t, n, a, o, r, s, c, m, p) {
  var d, _, h, l, u, v, f, g, y = n.props || oe, M = t.props, b = t.type;
  if (b == "svg" ? o = "http://www.w3.org/2000/svg" : b == "math" ? o = "http://www.w3.org/1998/Math/MathML" : o || (o = "http://www.w3.org/1999/xhtml"), r) {
    for (d = 0; d < r.length; d++) if ((u = r[d]) && (b ? u.localName == b : u.nodeType == 3)) {
      e = u, r[d] = null;
      break;
    }
  }
  if (!e) {
    if (g = p.ownerDocument || document, !b) return g.createTextNode(M);
    e = g.createElementNS(o, b, M.is ? M : p), c && (x.__m && x.__m(t, r), c = !1), r = null;
  }
  if (b) {
    if (p = b == "template" && e.content || e, r = b == "textarea" && M.defaultValue != null ? null : r && qe.call(p.childNodes), !c && r) for (y = {}, d = 0; d < e.attributes.length; d++) y[(u = e.attributes[d]).name] = u.value;
    for (d in y) u = y[d], d == "dangerouslySetInnerHTML" ? h = u : d == "children" || d in M || d == "value" && "defaultValue" in M || d == "checked" && "defaultChecked" in M || Y(e, d, null, u, o);
    for (d in M) u = M[d], d == "children" ? l = u : d == "dangerouslySetInnerHTML" ? _ = u : d == "value" ? v = u : d == "checked" ? f = u : c && typeof u != "function" || y[d] === u || Y(e, d, u, y[d], o);
    _ ? (c || h && (_.__html == h.__html || _.__html == e.innerHTML) || (e.innerHTML = _.__html), t.__k = []) : (h && (e.textContent = ""), (b == "foreignObject" || o == "http://www.w3.org/1998/Math/MathML" && st.test(b)) && (o = "http://www.w3.org/1999/xhtml"), Ye(p, we(l) ? l : [l], t, n, a, o, r, s, r ? r[0] : n.__k && H(n, 0), c, m), r && r.some(V)), c && b != "textarea" || (d = "value", b == "progress" && v == null ? e.removeAttribute(d) : v == null || v === e[d] && (b != "progress" || v) || Y(e, d, v, y[d], o), d = "checked", f != null && f != e[d] && Y(e, d, f, y[d], o));
  } else y === M || c && e.data == M || (e.data = M);
  return e;
}
function Me(e, t, n, a) {
  try {
    typeof e == "function" ? t ? t.__x = e(t) || 1 : a && (a = a.__c || a.__e) && (t = a.__x) && (a.__x = null, typeof t == "function" ? t() : e(null)) : e.current = t;
  } catch (o) {
    x.__e(o, n);
  }
}
function Ce(e, t, n) {
  var a, o, r, s;
  if (x.unmount && x.unmount(e), !(a = e.ref) || a.current && a.current != e.__e || Me(a, null, t, e), a = e.__c) {
    if (a.componentWillUnmount) try {
      a.componentWillUnmount();
    } catch (c) {
      x.__e(c, t);
    }
    a.__P = a.__n = null;
  }
  if (a = e.__k) for (s = 0; s < a.length; s++) a[s] && Ce(a[s], t, typeof e.type != "function" || n && !e.props.__P);
  !n && (a = e.__c) && (a = a.__z) && (o = re(a, r = [])) && (a == e.__e && r.some(V), V(o), V(a)), n || V(e.__e), e.__e = e.__c = e.__ = null;
}
function pt(e, t, n) {
  return this.constructor(e, n);
}
function He(e, t) {
  var n, a, o, r;
  x.__ && x.__(e, t), t.nodeType == 9 && (t = t.documentElement), a = (n = e && 32 & e.__u) ? null : t.__k, t.__k = te(C, { children: [e] }), o = [], r = [], ke(t, t.__k, a || oe, oe, t.namespaceURI, a ? null : t.firstChild ? qe.call(t.childNodes) : null, o, a ? a.__e : t.firstChild, n, r), Xe(o, t.__k, r), t.__k.props.children = null;
}
x = { __e: function(e, t, n, a) {
  for (var o, r, s; t = t.__; ) if ((o = t.__c) && !(1 & o.__g)) {
    o.__g |= 4;
    try {
      if ((s = (r = o.constructor) && r.getDerivedStateFromError) && o.setState(r.getDerivedStateFromError(e)), o.componentDidCatch && (o.componentDidCatch(e, a || {}), s = 1), s && 8 & o.__g) return void (o.__g |= 2);
    } catch (c) {
      e = c;
    }
  }
  throw ae = 0, e;
} }, Be = 0, ne.prototype.setState = function(e, t) {
  var n = this.__s;
  n && n != this.state || (n = this.__s = j({}, this.state)), typeof e == "function" && (e = e(j({}, n), this.props)), e && (j(n, e), this.__v && (t && this.__k.push(t), Se(this)));
}, ne.prototype.forceUpdate = function(e) {
  this.__v && (this.__g |= 4, e && this.__h.push(e), Se(this));
}, ne.prototype.render = C, A = [], ae = 0, Re = function(e, t) {
  return e.__v.__b - t.__v.__b;
}, ee = Symbol(), Ze = /(PointerCapture)$|Capture$/i, be = 0, fe = {};
var ht = Symbol.for("pv"), ft = 0;
function i(e, t, n, a, o, r) {
  t || (t = {});
  var s, c, m = t;
  if ("ref" in m && typeof e != "function") for (c in m = {}, t) c == "ref" ? s = t[c] : m[c] = t[c];
  var p = { type: e, props: m, key: n, ref: s, __k: null, __: null, __b: 0, __e: null, __c: null, constructor: ht, __v: --ft, __i: -1, __u: 0 };
  return x.vnode && x.vnode(p), p;
}
var q, k, de, Pe, _e = Object.is, se = 0, et = [], ge = [], w = x, Te = w.__b, Fe = w.__r, Ne = w.diffed, Ve = w.__c, je = w.unmount, De = w.__;
function ze(e, t) {
  w.__h && w.__h(k, e, se || t), se = 0;
  var n = k.__H || (k.__H = { __: [], __h: [] });
  return e >= n.__.length && n.__.push({}), n.__[e];
}
function R(e) {
  return se = 1, _t(rt, e);
}
function _t(e, t, n) {
  var a = ze(q++, 2);
  if (a.t = e, !a.__c && (a.__ = [rt(void 0, t), function(r) {
    var s = (a.__N || a.__)[0], c = a.t(s, r);
    _e(s, c) || (a.__N = [c, a.__[1]], a.__c.setState({}));
  }], a.__c = k, !k.__f)) {
    k.__f = !0;
    var o = k.shouldComponentUpdate;
    k.shouldComponentUpdate = function(r, s, c) {
      var m = this.__H;
      if (!m) return !0;
      var p = !1, d = this.props != r;
      if (m.__.some(function(h) {
        h.__N && (p = !0, _e(h.__[0], h.__N[0]) || (d = !0));
      }), o) {
        var _ = o.call(this, r, s, c);
        return p ? _ || d : _;
      }
      return !p || d;
    };
  }
  return a.__;
}
function tt(e, t) {
  var n = ze(q++, 3);
  !w.__s && nt(n.__H, t) && (n.__P = !0, n.__ = e, n.u = t, k.__H.__h.push(n));
}
function gt(e) {
  return se = 5, E(function() {
    return { current: e };
  }, []);
}
function E(e, t) {
  var n = ze(q++, 7);
  return nt(n.__H, t) && (n.__ = e(), n.__H = t), n.__;
}
function vt() {
  var e;
  do {
    for (; e = ge.shift(); ) try {
      Z(e);
    } catch (n) {
      w.__e(n, { __: (e = e.__P) && e.__v });
    }
    for (; e = et.shift(); ) {
      var t = e.__H;
      if (e.__P && t) try {
        t.__h.some(Z), t.__h.some(ve), t.__h = [];
      } catch (n) {
        t.__h = [], w.__e(n, e.__v);
      }
    }
  } while (ge.length);
}
w.__b = function(e) {
  k = null, Te && Te(e);
}, w.__ = function(e, t) {
  e && t.__k && t.__k.__m && (e.__m = t.__k.__m), De && De(e, t);
}, w.__r = function(e) {
  Fe && Fe(e), q = 0;
  var t = (k = e.__c).__H;
  t && (de == k ? k.__h = [] : (t.__h.some(Z), t.__h.some(ve), q = 0), t.__h = [], t.__.some(function(n) {
    n.__N && (n.__ = n.__N), n.u = n.__N = void 0;
  })), de = k;
}, w.diffed = function(e) {
  Ne && Ne(e);
  var t = e.__c;
  t && t.__H && (t.__H.__h.length && Oe(et.push(t)), t.__H.__.some(function(n) {
    n.u && (n.__H = n.u);
  })), de = k = null;
}, w.__c = function(e, t) {
  t.some(function(n) {
    try {
      n.__h.some(Z), n.__h = n.__h.filter(function(a) {
        return !a.__ || ve(a);
      });
    } catch (a) {
      n.__h = [function() {
        throw a;
      }];
    }
  }), Ve && Ve(e, t);
}, w.unmount = function(e) {
  je && je(e);
  var t, n, a = e.__c;
  a && a.__H && (a.__H.__.some(function(o) {
    try {
      if (o.__P && o.__c) {
        if (n === void 0) {
          for (n = e.__; n && (!n.__c || !n.__c.__P); ) n = n.__;
          n = n && n.__c;
        }
        o.__P = n, Oe(ge.push(o));
      } else Z(o);
    } catch (r) {
      t = r;
    }
  }), a.__H = void 0, t && w.__e(t, a.__v));
};
var Ee = typeof requestAnimationFrame == "function";
function yt(e) {
  var t, n = function() {
    clearTimeout(a), Ee && cancelAnimationFrame(t), setTimeout(e);
  }, a = setTimeout(n, 35);
  Ee && (t = requestAnimationFrame(n));
}
function Oe(e) {
  e != 1 && Pe == w.requestAnimationFrame || ((Pe = w.requestAnimationFrame) || yt)(vt);
}
function Z(e) {
  var t = k, n = e.__c;
  typeof n == "function" && (e.__c = void 0, n()), k = t;
}
function ve(e) {
  var t = k;
  e.__c = e.__(), k = t;
}
function nt(e, t) {
  return !e || e.length != t.length || t.some(function(n, a) {
    return !_e(n, e[a]);
  });
}
function rt(e, t) {
  return typeof t == "function" ? t(e) : t;
}
function xt(e, t = {}) {
  return e.replace(/\{(\w+)\}/g, (n, a) => a in t ? String(t[a]) : n);
}
function bt(e, t) {
  return (n, a) => xt(e[n][t], a);
}
function wt(e) {
  return e === "en" || e === "zh";
}
const kt = "*,*:before,*:after{box-sizing:border-box}html{scroll-padding-top:4rem;-webkit-text-size-adjust:100%}body{margin:0;background:var(--page);color:var(--foreground);font:16px/1.6 var(--latin),var(--chinese),sans-serif}:lang(zh) body,:lang(zh){font-family:var(--chinese),var(--latin),sans-serif}#page{min-height:100vh;display:flex;flex-direction:column}.wide{width:100%;max-width:76rem;margin-inline:auto;padding-inline:1.5rem}a{color:var(--accent);text-underline-offset:.15em}:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}main:focus{outline:none}.skip{position:absolute;left:1rem;top:-4rem;z-index:10;padding:.4rem .9rem;background:var(--background);border:1px solid var(--line);border-radius:6px}.skip:focus{top:.5rem}.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}.bar{position:sticky;top:0;z-index:5;background:var(--background);border-bottom:1px solid var(--faint)}.bar>.wide{display:flex;align-items:center;gap:.25rem 1.75rem;min-height:3.25rem}.mark{display:flex;align-items:center;gap:.5rem;font-weight:700;letter-spacing:.01em;color:var(--foreground);text-decoration:none}.views{display:flex;gap:.15rem;flex:1;min-width:0;overflow-x:auto;scrollbar-width:none}.views a{padding:.3rem .7rem;border-radius:6px;color:var(--muted);text-decoration:none;white-space:nowrap;font-size:.95rem}.views a:focus-visible{outline-offset:-2px}.views a:hover{background:var(--faint);color:var(--foreground)}.views a[aria-current]{color:var(--foreground);font-weight:600;background:var(--faint)}.choices{display:flex;gap:.4rem}.notice>.wide{display:flex;align-items:baseline;gap:.3rem .9rem;flex-wrap:wrap;padding-top:.9rem;font-size:.85rem}.badge{font-size:.8rem;font-weight:600;border:1px solid var(--warning);color:var(--warning);background:var(--warning-ground);border-radius:99px;padding:.05rem .7rem;white-space:nowrap}.credibility{color:var(--muted)}main.wide{flex:1;padding-block:1.25rem 3rem}footer.wide{padding-block:1.25rem 2rem;color:var(--muted);font-size:.85rem}footer p{margin:.2rem 0;max-width:none}h1{font-size:1.9rem;line-height:1.22;letter-spacing:-.01em;margin:0 0 .6rem;text-wrap:balance}h2{font-size:1.3rem;line-height:1.3;margin:2.5rem 0 .9rem}h3{font-size:1.02rem;margin:1.5rem 0 .5rem}p{max-width:46rem}.lead{font-size:1.1rem;line-height:1.55;color:var(--muted);margin:0 0 1.25rem}.small{font-size:.85rem}.muted,.note{color:var(--muted)}.note{font-size:.85rem;margin:.5rem 0 0;max-width:none}code,pre{font-family:var(--fixed);font-size:.88em}.waiting{color:var(--muted);padding:3rem 0}.warning{border-left:3px solid var(--warning);background:var(--warning-ground);padding:.7rem 1rem;border-radius:0 8px 8px 0;margin:1rem 0}.warning p{margin:0;max-width:none}.warning ul{margin:.4rem 0 0;padding-left:1.2rem}.panel{background:var(--background);border:1px solid var(--faint);border-radius:10px;box-shadow:var(--shadow);padding:1rem 1.1rem}.panel>:first-child{margin-top:0}.panel>:last-child{margin-bottom:0}.grid{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr))}.figure{margin:0;background:var(--background);border:1px solid var(--faint);border-radius:10px;box-shadow:var(--shadow);overflow:hidden}.figure .canvas{position:relative;overflow-x:auto;padding:.75rem 1rem 0}.figure svg{display:block;width:100%;height:auto}.figure .links{display:flex;justify-content:flex-end;gap:1rem;padding:.25rem 1.1rem .6rem;font-size:.8rem}.figure .links :is(a,button){color:var(--muted);background:none;border:0;padding:0;text-decoration:underline;text-underline-offset:.15em}.figure.stale .canvas{opacity:.55}.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}caption{text-align:left;font-weight:700;padding:0 0 .5rem}th,td{text-align:left;padding:.4rem .9rem .4rem 0;border-bottom:1px solid var(--faint);vertical-align:top}thead th{color:var(--muted);font-weight:500;font-size:.85rem;border-bottom:1px solid var(--line);vertical-align:bottom}tbody th{font-weight:400}th:not(.long),td:not(.long){white-space:nowrap}th.long,td.long{min-width:13rem}td.long{font-size:.85rem;color:var(--muted);overflow-wrap:anywhere}tbody tr:last-child>*{border-bottom:0}td.number,th.number{text-align:right}button,select,input,textarea{font:inherit;color:var(--foreground)}button,.button{font-size:.9rem;line-height:1.5;background:var(--background);border:1px solid var(--line);border-radius:6px;padding:.2rem .75rem;cursor:pointer;text-decoration:none;color:var(--foreground);white-space:nowrap}button:hover,.button:hover{background:var(--faint)}button:disabled{color:var(--muted);border-color:var(--faint);cursor:default}button.main{background:var(--accent);border-color:var(--accent);color:var(--background);font-weight:600}button.main:hover{filter:brightness(1.1)}button.main:disabled{opacity:.5}label,.label{display:block;font-size:.85rem;color:var(--muted);margin-bottom:.2rem}select,input:not([type=checkbox],[type=radio],[type=range]),textarea{width:100%;background:var(--background);border:1px solid var(--line);border-radius:6px;padding:.35rem .6rem;font-size:.95rem}input[type=range]{width:100%;accent-color:var(--accent)}[aria-invalid=true]{border-color:var(--bad)!important}@media(max-width:60rem){.bar>.wide{flex-wrap:wrap;padding-block:.5rem .35rem}.mark{margin-right:auto}.views{order:3;flex-basis:100%;margin-inline:-.7rem}}@media screen and (max-width:46rem){.figure svg{width:auto;max-width:none}}@media(max-width:40rem){.wide{padding-inline:1rem}h1{font-size:1.5rem}.lead{font-size:1rem}}@media(prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}.figure .canvas{transition:opacity .15s}}@media print{@page{margin:14mm 12mm}:root{--page: #ffffff;--shadow: none}body{font-size:10.5pt}.bar{position:static}.views,.choices,.skip,.links,.unprinted{display:none!important}.wide{max-width:none;padding-inline:0}.figure,.panel,tr{break-inside:avoid}h2,h3{break-after:avoid}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}.readout{display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;min-height:1.6rem;padding:.35rem 1.1rem 0;font-size:.85rem;font-variant-numeric:tabular-nums}line.reading{stroke:var(--muted);stroke-dasharray:3 3}circle.reading{stroke:var(--background);stroke-width:1.5}.key{display:inline-block;vertical-align:-.05em;margin-right:.35em}.interval{display:block}.interval .one{stroke:var(--line);stroke-dasharray:2 3}.mechanism{color:var(--series-1)}.components{color:var(--series-3)}.combined{color:var(--series-4)}.published{color:var(--published)}.contrasts thead th{white-space:nowrap}.contrasts :is(td,tbody th){vertical-align:middle;white-space:nowrap}abbr[title]{text-decoration:none}fieldset{border:0;margin:0;padding:0;min-width:0}legend{padding:0}.choice label{display:flex;gap:.5rem;align-items:baseline;color:var(--foreground);font-size:.95rem;padding:.2rem .5rem;margin:0 -.5rem;border-radius:6px;cursor:pointer}.choice label:hover{background:var(--faint)}.choice label:has(:checked){background:var(--accent-ground)}.choice label:has(:focus-visible){outline:2px solid var(--accent)}.choice input{accent-color:var(--accent);margin:0;flex:none;transform:translateY(.1em)}.choice input:focus-visible{outline:none}.choice small{display:block;color:var(--muted);line-height:1.35}.slider output{display:block;font-weight:600}.slider .ends{display:flex;justify-content:space-between}.segments{display:inline-flex}.segments button{border-radius:0;margin-left:-1px}.segments button:first-child{border-radius:6px 0 0 6px;margin-left:0}.segments button:last-child{border-radius:0 6px 6px 0}.segments [aria-pressed=true]{background:var(--accent-ground);border-color:var(--accent);position:relative}.row{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem .9rem}.row>:is(h1,h2,h3){margin:0 auto 0 0}.copy h2{font-size:1.02rem}.copy pre{margin:.7rem 0 0;padding:.7rem .9rem;max-height:18rem;overflow:auto;background:var(--page);border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere}tr.group th{font-weight:700;padding-top:.9rem}td.figures{font-variant-numeric:tabular-nums}.job-line .space{flex:1}.job-line .state{color:var(--muted);font-size:.9rem}.job-line .state.failed,.job-line .state.interrupted{color:var(--warning)}.job-line .warning{white-space:pre-line}progress{display:block;width:100%;height:.55rem;margin-top:.5rem;appearance:none;border:0;border-radius:99px;overflow:hidden;background:var(--faint)}progress::-webkit-progress-bar{background:var(--faint)}progress::-webkit-progress-value{background:var(--accent)}progress::-moz-progress-bar{background:var(--accent)}.report{display:grid;gap:1rem}.report>*,.report>section>*{margin-block:0;min-width:0}.report>section{display:grid;gap:1rem;min-width:0}.report>section>h2{margin-top:.5rem}.report .figure,.report .lazy{max-width:54rem}.highlights{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(13rem,100%),1fr));gap:.9rem}.highlights>div{background:var(--background);border:1px solid var(--faint);border-radius:10px;padding:.8rem 1rem;box-shadow:var(--shadow)}.highlights dt,.highlights .beside{font-size:.85rem;color:var(--muted)}.highlights dd{margin:0}.highlights .value{font-size:1.4rem;font-weight:700;line-height:1.35;font-variant-numeric:tabular-nums}.contents{position:sticky;top:3.25rem;z-index:2;display:flex;gap:.35rem 1.25rem;overflow-x:auto;white-space:nowrap;font-size:.92rem;padding:.6rem 0;background:var(--page);border-block:1px solid var(--faint)}.contents a{text-decoration:none}.contents a[aria-current]{color:var(--foreground);font-weight:600}.contents a:hover{text-decoration:underline}.provenance{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.2rem 1.5rem;font-size:.85rem}.provenance dt{color:var(--muted)}.provenance dd{margin:0;overflow-wrap:anywhere;font-family:var(--fixed)}.placeholder{min-height:20rem;display:grid;place-content:center;text-align:center}details.panel>summary{cursor:pointer;font-weight:600}details.panel[open]>summary{margin-bottom:.6rem}.tone{font-weight:600;border-left:.35rem solid var(--line);padding-left:.5rem}.tone.good{border-color:var(--good)}.tone.bad{border-color:var(--bad)}@media(max-width:60rem){.contents{position:static}}button.plain{border:0;padding:0;background:none;color:var(--accent);text-decoration:underline;text-underline-offset:.15em;font-size:inherit}.standings{margin:.5rem 0 0;padding-left:1.1rem}.run{display:grid;gap:1rem}.run>*{margin:0;min-width:0}.run>h2{margin-top:1.5rem}", Mt = ':root{color-scheme:light;--background: #ffffff;--foreground: #1a2230;--muted: #5a6474;--faint: #e8ebf0;--line: #aab2be;--series-1: #0a62a8;--series-2: #c04f06;--series-3: #00816a;--series-4: #ac5391;--series-5: #7d6c00;--series-6: #47505e;--good: #2a9d8f;--neutral: #b9c0ca;--bad: #d1495b;--unknown: #dfe3e8;--published: #1b1f27;--warning: #a4420a;--page: #f5f6f8;--warning-ground: #fdf3ec;--accent: var(--series-1);--accent-ground: #eaf2f9;--shadow: 0 1px 2px rgb(20 30 50 / 6%), 0 4px 16px rgb(20 30 50 / 5%);--latin: "Helvetica Neue", Arial, "Liberation Sans";--chinese: "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Micro Hei", "Hiragino Sans GB";--fixed: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace, "Noto Sans CJK SC"}@media not print{:root[data-theme=dark]{color-scheme:dark;--background: #12161d;--foreground: #e7ebf1;--muted: #9ea9b8;--faint: #242b36;--line: #5b6675;--series-1: #62b2f2;--series-2: #ff9d5c;--series-3: #43cfae;--series-4: #e39ad4;--series-5: #dccb52;--series-6: #b3bfcd;--good: #4cc2b2;--neutral: #687486;--bad: #f2788a;--unknown: #39424f;--published: #f4f6fa;--warning: #ffb27d;--page: #0b0e13;--warning-ground: #2a1d14;--accent-ground: #16263a;--shadow: none}}', Ct = Math.log(4), zt = Math.log(2), $t = Math.log(1.03), ue = { change: "same", strength: 0 };
function ye(e, t, n = Ct) {
  if (e == null || t === null || t === void 0) return ue;
  if (t <= 0 || e <= 0)
    return e === t ? ue : { change: e > t ? "more" : "less", strength: 1 };
  const a = Math.log(e / t);
  return Math.abs(a) < $t ? ue : { change: a > 0 ? "more" : "less", strength: Math.min(1, Math.abs(a) / n) };
}
function Lt(e, t) {
  return ye(e, t, zt);
}
function St(e) {
  return e == null ? 0 : Math.max(0, Math.min(1, e));
}
function G(e, t, n) {
  if (e === void 0 || e.length === 0) return null;
  const a = t.findIndex((c) => c >= n);
  if (a < 0) return e[e.length - 1] ?? null;
  if (a === 0 || t[a] === n) return e[a] ?? null;
  const [o, r] = [e[a - 1], e[a]];
  if (o == null || r === null || r === void 0) return null;
  const s = (n - t[a - 1]) / (t[a] - t[a - 1]);
  return o + (r - o) * s;
}
function At(e, t) {
  if (e === null || t === null || t === void 0 || t <= 0) return "";
  const n = e / t;
  return `×${n >= 9.95 ? n.toFixed(0) : n.toFixed(2).replace(/0$/, "")}`;
}
function $(e, t) {
  if (e == null) return "–";
  if (t === "share") return `${(100 * e).toFixed(e < 0.0995 ? 1 : 0)}%`;
  const n = Math.abs(e);
  if (n >= 1e5) {
    const a = Math.floor(Math.log10(n));
    return `${(e / 10 ** a).toFixed(1)}×10${Pt(a)}`;
  }
  return n >= 100 ? e.toFixed(0) : n >= 10 ? e.toFixed(1) : n >= 0.1 || e === 0 ? e.toFixed(2) : e.toPrecision(2);
}
const Ht = "⁰¹²³⁴⁵⁶⁷⁸⁹";
function Pt(e) {
  return [...String(e)].map((t) => t === "-" ? "⁻" : Ht[Number(t)]).join("");
}
const J = 280, F = 96, [D, me, O, Q] = [42, 8, 8, 18];
function at({ days: e, day: t, series: n, second: a, low: o, high: r, unit: s, label: c }) {
  const m = [n, a, o, r].flatMap((f) => f ?? []).filter((f) => f !== null);
  if (m.length === 0) return null;
  let [p, d] = [Math.min(...m), Math.max(...m)];
  p > 0 && p < 0.4 * d && (p = 0), d === p && ([p, d] = d === 0 ? [0, 1] : [p - Math.abs(p) * 0.1, d + Math.abs(d) * 0.1]);
  const _ = e[e.length - 1] || 1, h = (f) => D + (J - D - me) * f / _, l = (f) => O + (F - O - Q) * (d - f) / (d - p), u = (f) => f.map((g, y) => g === null ? "" : `${y === 0 ? "M" : "L"}${h(e[y]).toFixed(1)} ${l(g).toFixed(1)}`).join(" "), v = (f) => f.map((g, y) => ({ value: g, index: y })).reverse().map(({ value: g, index: y }) => g === null ? "" : `L${h(e[y]).toFixed(1)} ${l(g).toFixed(1)}`).join(" ");
  return /* @__PURE__ */ i("svg", { class: "course", viewBox: `0 0 ${J} ${F}`, role: "img", "aria-label": c, children: [
    /* @__PURE__ */ i("path", { class: "axis", d: `M${D} ${O} V${F - Q} H${J - me}`, fill: "none" }),
    o && r && /* @__PURE__ */ i("path", { class: "band", d: `${u(r)} ${v(o)} Z` }),
    /* @__PURE__ */ i("path", { class: "line", d: u(n) }),
    a && /* @__PURE__ */ i("path", { class: "line second", d: u(a) }),
    /* @__PURE__ */ i("path", { class: "now", d: `M${h(t).toFixed(1)} ${O} V${F - Q}` }),
    /* @__PURE__ */ i("text", { x: D - 4, y: O + 7, "text-anchor": "end", children: $(d, s) }),
    /* @__PURE__ */ i("text", { x: D - 4, y: F - Q, "text-anchor": "end", children: $(p, s) }),
    /* @__PURE__ */ i("text", { x: D, y: F - 5, children: "0" }),
    /* @__PURE__ */ i("text", { x: J - me, y: F - 5, "text-anchor": "end", children: [
      _,
      " d"
    ] })
  ] });
}
const Tt = /([A-Za-z][A-Za-z0-9_]*)|(\*\*)|(\*)|(>=|<=)|([^A-Za-z*]+?)(?=[A-Za-z*<>]|$)/g;
function xe({ left: e, right: t, here: n }) {
  const a = n ? t.indexOf(n) : -1;
  return /* @__PURE__ */ i("span", { class: "formula", children: [
    e && /* @__PURE__ */ i(C, { children: [
      U(e),
      " = "
    ] }),
    a < 0 ? U(t) : /* @__PURE__ */ i(C, { children: [
      U(t.slice(0, a)),
      /* @__PURE__ */ i("mark", { class: "here", children: U(n) }),
      U(t.slice(a + n.length))
    ] })
  ] });
}
function U(e) {
  const t = [];
  for (const n of e.matchAll(Tt)) {
    const [a, o, r, s] = n, c = e[n.index + a.length];
    o !== void 0 ? t.push(Ft(o, c === "(")) : r !== void 0 ? t.push("^") : s !== void 0 ? t.push(" · ") : t.push(a.replace(/ - /g, " − ").replace(/^-/, "−"));
  }
  return t;
}
function Ft(e, t) {
  const n = /^d([A-Za-z0-9]+)$/.exec(e);
  if (e === "dt") return e;
  const [a, ...o] = (n ? n[1] : e).split("_"), r = /* @__PURE__ */ i(C, { children: [
    n && "d",
    a,
    o.length > 0 && /* @__PURE__ */ i("sub", { children: o.join(",") })
  ] });
  return t ? /* @__PURE__ */ i("span", { class: "upright", children: r }) : /* @__PURE__ */ i(C, { children: r });
}
const Nt = 0.1, Vt = 2, jt = 4.5;
function Dt(e, t, n, a) {
  const o = e.spots[n], r = e.spots[a];
  if (o === void 0 || r === void 0) return null;
  const s = e.bows[t] ?? Nt, [c, m] = [r.x - o.x, r.y - o.y], p = [(o.x + r.x) / 2 + s * m, (o.y + r.y) / 2 - s * c], d = Ue([o.x, o.y], p, (o.r ?? e.radius) + Vt), _ = Ue([r.x, r.y], p, (r.r ?? e.radius) + jt), h = Math.atan2(r.y - p[1], r.x - p[0]) * 180 / Math.PI, l = [
    (d[0] + 2 * p[0] + _[0]) / 4,
    (d[1] + 2 * p[1] + _[1]) / 4
  ];
  return { path: `M${pe(d)} Q${pe(p)} ${pe(_)}`, end: _, angle: h, middle: l };
}
function Ue(e, t, n) {
  const [a, o] = [t[0] - e[0], t[1] - e[1]], r = Math.hypot(a, o) || 1;
  return [e[0] + a / r * n, e[1] + o / r * n];
}
function pe([e, t]) {
  return `${e.toFixed(1)} ${t.toFixed(1)}`;
}
const W = "M0 8.5 V0 M0 0 L-6 -7 M0 0 L6 -7 M-8.5 -4.5 L-3 1 M8.5 -4.5 L3 1", N = "M5 0 A5 5 0 1 1 -5 0 A5 5 0 1 1 5 0", Et = "M-9 -6 L-12 -8 M0 -11 V-14 M9 -6 L12 -8 M9 6 L12 8 M-9 6 L-12 8 M0 11 V14", I = "M-5 3 h.01 M5 3 h.01 M0 -6 h.01 M0 2 h.01 M-6 -3 h.01 M6 -3 h.01 M0 8 h.01", Ot = {
  anti_vegf: W,
  anti_pd1: W,
  anti_pdl1: W,
  anti_ctla4: W,
  bispecific: `${W} M-4 8.5 A4 4 0 0 0 4 8.5`,
  tki: "M-8 0 A4.5 4.5 0 0 1 -3.5 -4.5 H3.5 A4.5 4.5 0 0 1 3.5 4.5 H-3.5 A4.5 4.5 0 0 1 -8 0 M0 -4.5 V4.5",
  chemo: "M-6 -8 C6 -4 -6 4 6 8 M6 -8 C-6 -4 6 4 -6 8 M-4 -5.5 H4 M-4 5.5 H4",
  vegfr2: "M-10 2 H10 M-4 9 V0 L-8 -6 M4 9 V0 L8 -6",
  alternative: `${I}`,
  drive: "M-10 7 C-4 7 -3 2 -3 -3 M10 7 C4 7 3 2 3 -3 M-3 -3 L-6 -7 M-3 -3 L0 -8 M3 -3 L6 -7",
  immature: "M-9 -2 C-7 -9 -2 -7 1 -9 C7 -8 8 -4 9 1 C9 7 3 8 -1 8 C-7 9 -10 4 -9 -2 M-9 3 L-12 6 M8 -6 L11 -9",
  mature: "M8 0 A8 8 0 1 1 -8 0 A8 8 0 1 1 8 0 M-9 -7 A11.5 11.5 0 0 1 -2 -11.3 M10 5.5 A11.5 11.5 0 0 1 3 11.1",
  leak: "M-9 -7 H-3 M3 -7 H9 M0 -7 C-4 -1 -4 3 0 3 C4 3 4 -1 0 -7 M-6 8 h.01 M6 6 h.01 M1 10 h.01",
  perfusion: "M-10 -5 H7 L3 -8 M7 -5 L3 -2 M-10 5 H7 L3 2 M7 5 L3 8",
  adhesion: "M-10 5 H10 M-6 5 V-4 M0 5 V-8 M6 5 V-4 M-6 -6 h.01 M0 -10 h.01 M6 -6 h.01",
  vegf: `${I} M-9 6 h.01 M9 5 h.01`,
  ifn: I,
  lactate: "M-7 -6 L7 6 M-7 0 h.01 M7 -1 h.01 M-1 7 h.01 M2 -7 h.01",
  gmcsf: I,
  il10: I,
  pdl1: "M-10 6 H10 M0 6 V-3 M-5 -3 H5 M-5 -3 V-7 M5 -3 V-7",
  naive: N,
  dc: `${N} M-8 -5 L-12 -8 M-9 3 L-13 4 M0 -9 L-1 -13 M8 -5 L12 -7 M9 3 L13 5 M2 9 L3 13 M-4 8 L-6 12`,
  primed: `${N} M-8 -8 L-4 -4 M8 -8 L4 -4`,
  memory: `${N} M9.5 0 A9.5 9.5 0 1 1 -9.5 0 A9.5 9.5 0 1 1 9.5 0`,
  entry: "M-3 -11 V-4 M-3 4 V11 M-12 0 H6 L2 -4 M6 0 L2 4",
  cd8: `${N} ${Et}`,
  exhausted: "M5 0 A5 5 0 1 1 -5 0 M-9 -6 L-12 -8 M9 6 L12 8 M-4 8 H4",
  cd4: `${N} M-9 -6 L-12 -8 M9 -6 L12 -8 M0 11 V14`,
  treg: `${N} M-3 0 H3`,
  mdsc: "M-7 1 C-8 -6 -1 -7 0 -2 C1 -7 8 -6 7 1 C6 7 -6 7 -7 1",
  m1: "M-3 -5 C4 -8 8 -2 5 3 C2 7 -2 5 0 1 C1 -2 -4 -1 -3 -5 M-9 -5 L-12 -6 M-8 7 L-11 9",
  m2: "M-3 -5 C4 -8 8 -2 5 3 C2 7 -2 5 0 1 C1 -2 -4 -1 -3 -5 M9 -6 L12 -8 M7 9 L9 12",
  pd1: "M-10 -6 H10 M0 -6 V3 M-5 3 H5 M-5 3 V8 M5 3 V8",
  function: "M2 -10 L-5 1 H0 L-2 10 L6 -2 H1 Z",
  reach: "M-9 0 H2 M2 -4 A6 6 0 1 1 2 4",
  kill: "M-6 -6 L6 6 M6 -6 L-6 6 M0 -10 V-7 M0 7 V10",
  chemo_kill: "M-6 -6 L6 6 M6 -6 L-6 6",
  hypoxia: "M0 -9 C-6 -1 -7 2 -7 4 A7 6 0 0 0 7 4 C7 2 6 -1 0 -9 M-9 9 L9 -9",
  antigen: "M0 -8 L7 0 L0 8 L-7 0 Z M0 -3 V3",
  spread: "M-4 2 A4 4 0 1 0 -4 2.1 M5 -5 h.01 M8 1 h.01 M6 7 h.01 M-1 -8 h.01",
  genotype: "M-5 -8 C5 -4 -5 4 5 8 M5 -8 C-5 -4 5 4 -5 8",
  pdl1_class: "M-7 6 V1 M0 6 V-3 M7 6 V-7",
  tmb: "M-7 -4 H7 M-7 0 H7 M-7 4 H7 M-3 -7 V-1 M3 1 V7",
  line: "M-7 -6 H7 M-7 0 H7 M-7 6 H7",
  duration: "M8 0 A8 8 0 1 1 -8 0 A8 8 0 1 1 8 0 M0 -5 V0 L4 2",
  toxicity: "M0 -9 L9 7 H-9 Z M0 -3 V2 M0 4.5 h.01"
}, Ut = [
  [0, 0, 10],
  [-16, -6, 9],
  [14, -12, 9],
  [17, 7, 9],
  [-10, 14, 9],
  [6, 18, 8],
  [-2, -19, 8],
  [-23, 10, 6],
  [24, -6, 5]
], Wt = /[\u2e80-\u9fff\uff00-\uffef]/;
function It(e, t) {
  if (X(e) <= t) return [e];
  const n = [...e.matchAll(/ |(?<=[\u2e80-\u9fff])(?=[\u2e80-\u9fff])/g)].map((r) => r.index);
  if (n.length === 0) return [e];
  const a = X(e) / 2, o = n.reduce(
    (r, s) => Math.abs(X(e.slice(0, s)) - a) < Math.abs(X(e.slice(0, r)) - a) ? s : r
  );
  return [e.slice(0, o).trim(), e.slice(o).trim()];
}
function X(e) {
  return [...e].reduce((t, n) => t + (Wt.test(n) ? 1.8 : 1), 0);
}
function Bt(e) {
  const { map: t, plate: n, chosen: a, pointed: o, onChoose: r, say: s } = e, c = E(() => new Map(t.nodes.map((u) => [u.id, u.title])), [t]), m = E(
    () => t.arrows.flatMap((u) => {
      const v = Dt(n, u.id, u.from, u.to);
      return v === null || e.statedOnly && u.ours ? [] : [{ arrow: u, line: v }];
    }),
    [t, n, e.statedOnly]
  ), p = gt(null), d = o ?? a, _ = E(() => Rt(t, d), [t, d]), h = a?.kind === "arrow" && m.some(({ arrow: u }) => u.id === a.id) ? a.id : m[0]?.arrow.id, l = (u, v) => {
    const f = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[u.key];
    if (f === void 0) return;
    u.preventDefault();
    const g = m[(v + f + m.length) % m.length];
    p.current?.querySelector(`[data-arrow="${g.arrow.id}"]`)?.focus();
  };
  return /* @__PURE__ */ i(
    "svg",
    {
      ref: p,
      class: `plate ${n.name}`,
      viewBox: `0 0 ${n.width} ${n.height}`,
      role: "group",
      "aria-label": e.label,
      children: [
        /* @__PURE__ */ i(Qt, { plate: n, say: s }),
        /* @__PURE__ */ i("g", { class: "arrows", children: m.map(({ arrow: u, line: v }, f) => /* @__PURE__ */ i(
          Gt,
          {
            arrow: u,
            line: v,
            ...Zt(e, u),
            dim: _ !== null && !_.has(u.id),
            lit: d?.id === u.id || (_?.has(u.id) ?? !1),
            stop: u.id === h,
            name: ot(u, c, s),
            onChoose: () => r({ kind: "arrow", id: u.id }),
            onPoint: (g) => e.onPoint(g ? { kind: "arrow", id: u.id } : null),
            onKey: (g) => l(g, f)
          },
          u.id
        )) }),
        /* @__PURE__ */ i("g", { class: "nodes", children: t.nodes.map((u) => {
          const v = n.spots[u.id];
          return v === void 0 ? null : /* @__PURE__ */ i(
            Yt,
            {
              node: u,
              spot: v,
              plate: n,
              ...qt(e, u),
              dim: _ !== null && !_.has(u.id),
              lit: d?.kind === "node" && d.id === u.id,
              onChoose: () => r({ kind: "node", id: u.id }),
              onPoint: (f) => e.onPoint(f ? { kind: "node", id: u.id } : null)
            },
            u.id
          );
        }) })
      ]
    }
  );
}
function ot(e, t, n) {
  const a = { from: t.get(e.from) ?? e.from, to: t.get(e.to) ?? e.to };
  return n(e.sign > 0 ? "map.raises" : "map.lowers", a);
}
function Rt(e, t) {
  if (t === null) return null;
  const n = /* @__PURE__ */ new Set([t.id]);
  if (t.kind === "arrow") {
    const a = e.arrows.find((o) => o.id === t.id);
    for (const o of e.arrows)
      if (o.id === t.id || a?.statements.some((r) => o.statements.includes(r)))
        for (const r of [o.id, o.from, o.to]) n.add(r);
    return n;
  }
  for (const a of e.arrows)
    if (a.from === t.id || a.to === t.id)
      for (const o of [a.id, a.from, a.to]) n.add(o);
  return n;
}
function Zt({ states: e, base: t, days: n, day: a, ablated: o }, r) {
  const s = r.statements.length > 0 && r.statements.every((p) => o.includes(p));
  if (e === null || r.emergent || s) return { change: "same", strength: 0, removed: s };
  const c = G(e.arrows[r.id], n, a), m = r.constant ? 1 : t?.arrows[r.id]?.[0];
  return { ...Lt(c, m), removed: s };
}
function qt({ states: e, base: t, days: n, day: a }, o) {
  const r = e === null ? null : G(e.nodes[o.id], n, a);
  if (r === null) return { change: "same", strength: 0, value: "", ratio: "" };
  if (o.group === "drug")
    return { change: "drug", strength: St(o.unit === "share" ? r : r / (1 + r)), value: r > 0 ? $(r, o.unit) : "", ratio: "" };
  if (o.group === "patient") return { ...ye(r, 1), value: $(r, o.unit), ratio: "" };
  const s = t?.nodes[o.id]?.[0];
  return { ...ye(r, s), value: $(r, o.unit), ratio: At(r, s) };
}
function Gt({ arrow: e, line: t, change: n, strength: a, removed: o, dim: r, lit: s, stop: c, name: m, ...p }) {
  const d = (e.ours ? 0.7 : 0.95) + 3 * a, _ = 3.4 + 1.5 * d, h = ["arrow", n, e.ours && "ours", e.emergent && "emergent", o && "removed"], l = `${e.statements.join(", ")}${e.statements.length > 0 ? ": " : ""}${m}`;
  return /* @__PURE__ */ i(
    "g",
    {
      class: [...h, r && "dim", s && "lit"].filter(Boolean).join(" "),
      "data-arrow": e.id,
      role: "button",
      "aria-label": l,
      tabIndex: c ? 0 : -1,
      onClick: p.onChoose,
      onMouseEnter: () => p.onPoint(!0),
      onMouseLeave: () => p.onPoint(!1),
      onFocus: () => p.onPoint(!0),
      onBlur: () => p.onPoint(!1),
      onKeyDown: (u) => {
        u.key === "Enter" || u.key === " " ? (u.preventDefault(), p.onChoose()) : p.onKey(u);
      },
      children: [
        /* @__PURE__ */ i("path", { class: "grip", d: t.path }),
        /* @__PURE__ */ i("path", { class: "line", d: t.path, "stroke-width": d.toFixed(2) }),
        /* @__PURE__ */ i(
          "path",
          {
            class: "head",
            transform: `translate(${t.end[0].toFixed(1)} ${t.end[1].toFixed(1)}) rotate(${t.angle.toFixed(0)})`,
            ...Kt(e.sign, _, d)
          }
        ),
        e.statements.length > 0 && (s || o) && /* @__PURE__ */ i("text", { class: "tag", x: t.middle[0], y: t.middle[1] + 3, children: e.statements.join(" ") })
      ]
    }
  );
}
function Kt(e, t, n) {
  return e > 0 ? { d: `M2.5 0 L${-t} ${t * 0.55} L${-t * 0.7} 0 L${-t} ${-t * 0.55} Z` } : { d: `M1 ${-t * 0.75} V${t * 0.75}`, "stroke-width": (1 + n * 0.7).toFixed(2), class: "head bar" };
}
function Yt({ node: e, spot: t, plate: n, change: a, strength: o, value: r, ratio: s, dim: c, lit: m, ...p }) {
  const d = t.r ?? n.radius, _ = n.radius / 15, h = It(e.title, n.name === "wide" ? 15 : 12), l = Jt(t.side ?? "below", d, h.length, n.name === "wide" ? 11.5 : 11), u = s !== "" && o > 0 ? s : a === "drug" ? r : "";
  return /* @__PURE__ */ i(
    "g",
    {
      class: ["node", e.group, a, c && "dim", m && "lit"].filter(Boolean).join(" "),
      transform: `translate(${t.x} ${t.y})`,
      "data-node": e.id,
      onClick: p.onChoose,
      onMouseEnter: () => p.onPoint(!0),
      onMouseLeave: () => p.onPoint(!1),
      children: [
        e.id === "tumour" ? Ut.map(([v, f, g]) => /* @__PURE__ */ i("g", { transform: `translate(${v * d / 32} ${f * d / 32})`, children: [
          /* @__PURE__ */ i("circle", { class: "ground", r: g * d / 32 }),
          /* @__PURE__ */ i("circle", { class: "level", r: g * d / 32, "fill-opacity": o.toFixed(2) }),
          /* @__PURE__ */ i("circle", { class: "nucleus", r: g * d / 80 })
        ] }, `${v} ${f}`)) : /* @__PURE__ */ i(C, { children: [
          /* @__PURE__ */ i(We, { group: e.group, radius: d, class: "ground" }),
          /* @__PURE__ */ i(We, { group: e.group, radius: d, class: "level", opacity: (0.08 + 0.8 * o) * +(o > 0) }),
          /* @__PURE__ */ i("path", { class: "glyph", d: Ot[e.id] ?? "", transform: `scale(${_.toFixed(2)})` })
        ] }),
        /* @__PURE__ */ i("text", { class: "name", "text-anchor": l.anchor, x: l.x, y: l.y, children: [
          h.map((v, f) => /* @__PURE__ */ i("tspan", { x: l.x, dy: f === 0 ? 0 : l.step, children: v }, v)),
          u !== "" && /* @__PURE__ */ i("tspan", { class: "amount", x: l.x, dy: l.step, children: [
            a === "more" ? "▲ " : a === "less" ? "▼ " : "",
            u
          ] })
        ] })
      ]
    }
  );
}
function We({ group: e, radius: t, opacity: n, ...a }) {
  const o = { class: a.class, "fill-opacity": n?.toFixed(2) };
  if (e === "drug") {
    const r = [0, 60, 120, 180, 240, 300].map((s) => {
      const c = s * Math.PI / 180;
      return `${(t * 1.08 * Math.cos(c)).toFixed(1)} ${(t * 1.08 * Math.sin(c)).toFixed(1)}`;
    });
    return /* @__PURE__ */ i("path", { ...o, d: `M${r.join(" L")} Z` });
  }
  if (e === "vessel" || e === "patient") {
    const r = t * (e === "vessel" ? 0.93 : 0.8);
    return /* @__PURE__ */ i("rect", { ...o, x: -r, y: -r, width: 2 * r, height: 2 * r, rx: e === "vessel" ? 6 : 2 });
  }
  return /* @__PURE__ */ i("circle", { ...o, r: t });
}
function Jt(e, t, n, a) {
  const o = t + 4;
  return e === "right" ? { x: o, y: 4 - (n - 1) * a / 2, anchor: "start", step: a } : e === "left" ? { x: -o, y: 4 - (n - 1) * a / 2, anchor: "end", step: a } : e === "above" ? { x: 0, y: -o - (n - 1) * a, anchor: "middle", step: a } : { x: 0, y: o + a - 3, anchor: "middle", step: a };
}
function Qt({ plate: e, say: t }) {
  const { scenery: n } = e;
  return /* @__PURE__ */ i("g", { class: "scenery", "aria-hidden": "true", children: [
    /* @__PURE__ */ i("path", { class: "bed", d: n.bed }),
    /* @__PURE__ */ i("path", { class: "lymph", d: n.node }),
    /* @__PURE__ */ i("path", { class: "lumen", d: n.lumen }),
    n.vessel.map((a) => /* @__PURE__ */ i("path", { class: "wall", d: a }, a)),
    n.pericytes.map(([a, o, r]) => /* @__PURE__ */ i("ellipse", { class: "pericyte", rx: "10", ry: "2.6", transform: `translate(${a} ${o}) rotate(${r})` }, `${a} ${o}`)),
    n.labels.map((a) => /* @__PURE__ */ i("text", { class: "place", x: a.x, y: a.y, children: t(a.key) }, a.key))
  ] });
}
function Xt(e) {
  const { map: t, chosen: n, say: a, onChoose: o } = e, r = n?.kind === "node" ? t.nodes.find((c) => c.id === n.id) : void 0, s = n?.kind === "arrow" ? t.arrows.find((c) => c.id === n.id) : void 0;
  return /* @__PURE__ */ i("aside", { class: r || s ? "panel card open" : "panel card", "aria-live": "polite", children: [
    (r || s) && /* @__PURE__ */ i("button", { type: "button", class: "close unprinted", "aria-label": a("map.close"), onClick: () => o(null), children: "×" }),
    r && /* @__PURE__ */ i(en, { ...e, node: r }),
    s && /* @__PURE__ */ i(tn, { ...e, arrow: s }),
    !r && !s && /* @__PURE__ */ i("p", { class: "muted", children: a("map.hint") }),
    /* @__PURE__ */ i(an, { ...e })
  ] });
}
function en(e) {
  const { map: t, play: n, arm: a, day: o, node: r, say: s, onChoose: c } = e, m = n?.states[a], p = m?.nodes[r.id], d = r.unit === "share" ? "" : r.unit_text, _ = it(t), h = t.arrows.filter((u) => u.to === r.id), l = t.arrows.filter((u) => u.from === r.id);
  return /* @__PURE__ */ i(C, { children: [
    /* @__PURE__ */ i("h2", { children: r.title }),
    r.of && /* @__PURE__ */ i("p", { class: "muted", children: r.of }),
    n && p ? /* @__PURE__ */ i(C, { children: [
      /* @__PURE__ */ i("p", { children: [
        /* @__PURE__ */ i("strong", { children: [
          $(G(p, n.days, o), r.unit),
          " ",
          d
        ] }),
        " ",
        s("map.now", { day: Math.round(o) }),
        " · ",
        $(p[0], r.unit),
        " ",
        s("map.start")
      ] }),
      /* @__PURE__ */ i(
        at,
        {
          days: n.days,
          day: o,
          series: p,
          second: n.without?.[a]?.nodes[r.id],
          low: m?.low?.[r.id],
          high: m?.high?.[r.id],
          unit: r.unit,
          label: r.title
        }
      ),
      m?.low && /* @__PURE__ */ i("p", { class: "small muted", children: s("map.band") })
    ] }) : r.unit === "" && /* @__PURE__ */ i("p", { class: "muted", children: s("map.no_state") }),
    /* @__PURE__ */ i(Ie, { title: s("map.arrows_in"), arrows: h, other: "from", titles: _, onChoose: c }),
    /* @__PURE__ */ i(Ie, { title: s("map.arrows_out"), arrows: l, other: "to", titles: _, onChoose: c })
  ] });
}
function Ie({ title: e, arrows: t, other: n, titles: a, onChoose: o }) {
  return t.length === 0 ? null : /* @__PURE__ */ i("div", { class: "unprinted", children: [
    /* @__PURE__ */ i("h3", { children: e }),
    /* @__PURE__ */ i("ul", { class: "links-list", children: t.map((r) => /* @__PURE__ */ i("li", { children: /* @__PURE__ */ i("button", { type: "button", onClick: () => o({ kind: "arrow", id: r.id }), children: [
      r.sign > 0 ? "+" : "−",
      " ",
      a.get(r[n]),
      r.statements.length > 0 && /* @__PURE__ */ i("span", { class: "muted", children: [
        " · ",
        r.statements.join(", ")
      ] })
    ] }) }, r.id)) })
  ] });
}
function tn(e) {
  const { map: t, play: n, arm: a, day: o, arrow: r, say: s } = e, c = it(t), m = r.statements.flatMap((h) => t.statements.filter((l) => l.tag === h)), p = n?.states[a]?.arrows[r.id], d = n && p ? G(p, n.days, o) : null, _ = t.functions.filter((h) => r.formulas.some(([, l]) => l.includes(`${h.name.split("(")[0]}(`)));
  return /* @__PURE__ */ i(C, { children: [
    /* @__PURE__ */ i("h2", { children: ot(r, c, s) }),
    m.map((h) => /* @__PURE__ */ i(nn, { ...e, statement: h }, h.tag)),
    r.ours && /* @__PURE__ */ i("p", { class: "muted", children: s("map.own") }),
    r.emergent && /* @__PURE__ */ i("p", { class: "muted", children: s("map.emergent_text", { term: m.map((h) => h.term).join("; ") }) }),
    r.formulas.length > 0 && /* @__PURE__ */ i(C, { children: [
      /* @__PURE__ */ i("h3", { children: s("map.formula") }),
      r.formulas.map(([h, l]) => /* @__PURE__ */ i(xe, { left: h, right: l, here: r.effect }, h + l))
    ] }),
    n && p && d !== null && /* @__PURE__ */ i(C, { children: [
      /* @__PURE__ */ i("h3", { children: s("map.effect") }),
      /* @__PURE__ */ i("p", { children: s("map.effect_now", {
        value: $(d, "ratio"),
        start: r.constant ? $(1, "ratio") : $(p[0], "ratio")
      }) }),
      !r.constant && /* @__PURE__ */ i(
        at,
        {
          days: n.days,
          day: o,
          series: p,
          second: n.without?.[a]?.arrows[r.id],
          unit: "ratio",
          label: s("map.effect")
        }
      )
    ] }),
    r.parameters.length > 0 && /* @__PURE__ */ i(C, { children: [
      /* @__PURE__ */ i("h3", { children: s("map.parameters") }),
      /* @__PURE__ */ i("dl", { children: r.parameters.map((h) => /* @__PURE__ */ i(rn, { parameter: h, say: s }, h.name)) })
    ] }),
    _.length > 0 && /* @__PURE__ */ i("details", { class: "small", children: [
      /* @__PURE__ */ i("summary", { children: s("map.functions") }),
      _.map((h) => /* @__PURE__ */ i("div", { children: [
        /* @__PURE__ */ i(xe, { left: h.name, right: h.formula }),
        /* @__PURE__ */ i("span", { class: "muted", children: h.title })
      ] }, h.name))
    ] })
  ] });
}
function nn({ statement: e, ablated: t, onAblate: n, say: a }) {
  const o = t.includes(e.tag), r = t.filter((s) => s !== e.tag);
  return /* @__PURE__ */ i(C, { children: [
    /* @__PURE__ */ i("p", { class: "says", children: [
      /* @__PURE__ */ i("b", { children: e.tag }),
      e.says
    ] }),
    /* @__PURE__ */ i("p", { class: "small muted", children: a("map.place", { place: e.review_place }) }),
    e.added && /* @__PURE__ */ i("p", { class: "small muted", children: a("map.added", { text: e.added }) }),
    e.ablatable ? /* @__PURE__ */ i(
      "button",
      {
        type: "button",
        class: o ? "main unprinted" : "unprinted",
        "aria-pressed": o,
        onClick: () => n(o ? r : [...r, e.tag]),
        children: a(o ? "map.restore" : "map.ablate", { tag: e.tag })
      }
    ) : !e.emergent && /* @__PURE__ */ i("p", { class: "small muted", children: a("map.not_ablatable") })
  ] });
}
function rn({ parameter: e, say: t }) {
  const { low: n, high: a, unit: o } = e, r = n !== null && a !== null ? ` (${t("map.range", { low: n, high: a })})` : "";
  return /* @__PURE__ */ i(C, { children: [
    /* @__PURE__ */ i("dt", { children: /* @__PURE__ */ i(xe, { left: e.name, right: `${e.value}${o === "1" ? "" : ` ${o}`}` }) }),
    /* @__PURE__ */ i("dd", { children: [
      e.title,
      r,
      e.kind === "sampled" && ` · ${t("map.varies")}`,
      /* @__PURE__ */ i("br", {}),
      e.source,
      " · ",
      t(e.verified ? "map.read" : "map.unread")
    ] })
  ] });
}
function an({ map: e, play: t, arm: n, day: a, ablated: o, onAblate: r, say: s }) {
  if (o.length === 0) return null;
  const c = t?.without ? sn(e, t.days, a, t.states[n], t.without[n]) : [];
  return /* @__PURE__ */ i("section", { class: "difference", children: [
    /* @__PURE__ */ i("h3", { children: s("map.ablated_now", { tags: o.join(", ") }) }),
    t?.without && /* @__PURE__ */ i("table", { children: [
      /* @__PURE__ */ i("caption", { class: "small", children: s("map.difference", { day: Math.round(a) }) }),
      /* @__PURE__ */ i("thead", { children: /* @__PURE__ */ i("tr", { children: [
        /* @__PURE__ */ i("th", {}),
        /* @__PURE__ */ i("th", { class: "number", children: s("map.with") }),
        /* @__PURE__ */ i("th", { class: "number", children: s("map.without") }),
        /* @__PURE__ */ i("th", { class: "number", children: "%" })
      ] }) }),
      /* @__PURE__ */ i("tbody", { children: c.map(({ node: m, before: p, after: d }) => /* @__PURE__ */ i("tr", { children: [
        /* @__PURE__ */ i("th", { scope: "row", children: m.title }),
        /* @__PURE__ */ i("td", { class: "number", children: $(p, m.unit) }),
        /* @__PURE__ */ i("td", { class: "number", children: $(d, m.unit) }),
        /* @__PURE__ */ i("td", { class: "number", children: ln(100 * (d / p - 1)) })
      ] }, m.id)) })
    ] }),
    t?.without && c.length === 0 && /* @__PURE__ */ i("p", { children: s("map.no_difference") }),
    /* @__PURE__ */ i("button", { type: "button", class: "unprinted", onClick: () => r([]), children: s("map.restore_all") })
  ] });
}
const on = 9;
function sn(e, t, n, a, o) {
  return e.nodes.flatMap((r) => {
    const s = [a, o].map((p) => G(p?.nodes[r.id], t, n)), [c, m] = s;
    return c == null || m === null || m === void 0 || c <= 0 || m <= 0 ? [] : [{ node: r, before: c, after: m, size: Math.abs(Math.log(m / c)) }];
  }).filter(({ size: r }) => r >= Math.log(1.01)).sort((r, s) => s.size - r.size).slice(0, on);
}
function ln(e) {
  const t = Math.abs(e).toFixed(Math.abs(e) < 9.95 ? 1 : 0);
  return `${e < 0 ? "−" : "+"}${t}`;
}
function it(e) {
  return E(() => new Map(e.nodes.map((t) => [t.id, t.title])), [e]);
}
const cn = {
  name: "wide",
  width: 880,
  height: 800,
  radius: 15,
  spots: {
    anti_ctla4: { x: 290, y: 48 },
    primed: { x: 392, y: 66 },
    naive: { x: 482, y: 40, side: "right" },
    memory: { x: 498, y: 112, side: "right" },
    dc: { x: 614, y: 70 },
    antigen: { x: 716, y: 70 },
    tmb: { x: 818, y: 56 },
    mature: { x: 212, y: 118, side: "left" },
    adhesion: { x: 243, y: 196, side: "left" },
    perfusion: { x: 212, y: 278, side: "left" },
    vegfr2: { x: 246, y: 354 },
    leak: { x: 246, y: 438 },
    immature: { x: 212, y: 528, side: "left" },
    drive: { x: 138, y: 408 },
    alternative: { x: 56, y: 452 },
    tki: { x: 56, y: 318 },
    toxicity: { x: 56, y: 560 },
    chemo: { x: 56, y: 668 },
    chemo_kill: { x: 212, y: 676 },
    entry: { x: 308, y: 168 },
    cd4: { x: 404, y: 160 },
    cd8: { x: 500, y: 208 },
    ifn: { x: 396, y: 238 },
    exhausted: { x: 622, y: 206 },
    pd1: { x: 722, y: 274 },
    reach: { x: 722, y: 168 },
    bispecific: { x: 820, y: 152 },
    anti_pd1: { x: 822, y: 236 },
    anti_pdl1: { x: 822, y: 330 },
    anti_vegf: { x: 300, y: 268 },
    vegf: { x: 384, y: 326 },
    genotype: { x: 318, y: 404 },
    hypoxia: { x: 384, y: 474 },
    gmcsf: { x: 470, y: 428 },
    il10: { x: 476, y: 512 },
    lactate: { x: 440, y: 592 },
    treg: { x: 576, y: 300 },
    mdsc: { x: 576, y: 392 },
    m2: { x: 576, y: 480 },
    m1: { x: 560, y: 568 },
    function: { x: 716, y: 400 },
    kill: { x: 716, y: 506 },
    pdl1: { x: 796, y: 560 },
    pdl1_class: { x: 806, y: 660 },
    tumour: { x: 668, y: 642, r: 32 },
    spread: { x: 440, y: 716 },
    line: { x: 574, y: 750 },
    duration: { x: 736, y: 750 }
  },
  bows: {
    "perfusion-reach": -0.2,
    "perfusion-chemo_kill": 0.14,
    "hypoxia-treg": 0.16,
    "vegf-treg": -0.05,
    "vegf-mdsc": 0.02,
    "vegf-m2": 0.1,
    "vegf-dc": -0.18,
    "vegf-naive": -0.14,
    "il10-dc": 0.24,
    "lactate-exhausted": -0.2,
    "lactate-function": -0.05,
    "ifn-immature": 0.16,
    "ifn-pdl1": -0.26,
    "ifn-m2": -0.1,
    "function-ifn": 0.24,
    "tumour-antigen": 0.09,
    "immature-tumour": -0.25,
    "tki-hypoxia": 0.3,
    "cd8-perfusion": -0.16,
    "perfusion-vegf": -0.16,
    "perfusion-hypoxia": 0.04,
    "perfusion-lactate": 0.1,
    "anti_ctla4-treg": -0.22,
    "treg-primed": -0.16,
    "cd8-memory": 0.3,
    "memory-cd8": 0.3,
    "tki-mature": -0.16,
    "drive-mature": -0.1,
    "mature-perfusion": 0.2,
    "leak-perfusion": -0.22,
    "leak-entry": -0.2,
    "pdl1-pd1": -0.1,
    "chemo_kill-tumour": -0.07,
    "hypoxia-alternative": 0.3
  },
  scenery: {
    bed: "M276 150 C330 118 470 138 560 146 C660 150 742 128 776 196 C812 268 784 356 800 436 C818 540 846 610 770 690 C700 762 596 716 520 752 C440 786 350 742 320 668 C286 580 280 520 284 440 C288 330 252 220 276 150 Z",
    node: "M338 60 C332 14 420 8 520 12 C640 14 776 10 784 62 C790 128 690 132 590 134 C470 140 348 138 338 60 Z",
    vessel: [
      "M186 20 C184 110 186 200 188 300 C188 380 178 420 186 470 C196 520 172 560 184 610 C194 660 176 720 184 790",
      "M238 20 C240 110 238 200 240 300 C242 372 252 410 242 462 C230 520 254 560 240 612 C230 664 250 720 240 790"
    ],
    lumen: "M186 20 C184 110 186 200 188 300 C188 380 178 420 186 470 C196 520 172 560 184 610 C194 660 176 720 184 790 L240 790 C250 720 230 664 240 612 C254 560 230 520 242 462 C252 410 242 372 240 300 C238 200 240 110 238 20 Z",
    pericytes: [
      [181, 50, 90],
      [243, 62, 90],
      [181, 160, 90],
      [244, 136, 90],
      [182, 228, 90],
      [244, 242, 90]
    ],
    labels: [
      { key: "scene.node", x: 560, y: 26 },
      { key: "scene.vessel", x: 213, y: 14 },
      { key: "scene.bed", x: 596, y: 700 }
    ]
  }
}, dn = {
  name: "narrow",
  width: 390,
  height: 1010,
  radius: 13,
  spots: {
    anti_ctla4: { x: 36, y: 40 },
    primed: { x: 112, y: 50 },
    naive: { x: 186, y: 40 },
    dc: { x: 262, y: 50 },
    antigen: { x: 346, y: 40 },
    tmb: { x: 352, y: 128 },
    memory: { x: 228, y: 132 },
    mature: { x: 52, y: 150 },
    adhesion: { x: 72, y: 238 },
    entry: { x: 130, y: 156 },
    cd4: { x: 176, y: 226 },
    cd8: { x: 256, y: 226 },
    exhausted: { x: 340, y: 226 },
    bispecific: { x: 352, y: 318 },
    reach: { x: 282, y: 318 },
    ifn: { x: 204, y: 312 },
    anti_vegf: { x: 132, y: 318 },
    perfusion: { x: 52, y: 330 },
    vegf: { x: 150, y: 408 },
    pd1: { x: 288, y: 412 },
    anti_pd1: { x: 352, y: 404 },
    vegfr2: { x: 64, y: 424 },
    treg: { x: 222, y: 474 },
    anti_pdl1: { x: 352, y: 490 },
    function: { x: 294, y: 530 },
    leak: { x: 72, y: 514 },
    genotype: { x: 140, y: 498 },
    drive: { x: 36, y: 594 },
    hypoxia: { x: 120, y: 588 },
    mdsc: { x: 216, y: 560 },
    kill: { x: 344, y: 590 },
    tki: { x: 34, y: 680 },
    gmcsf: { x: 184, y: 644 },
    m2: { x: 256, y: 634 },
    alternative: { x: 100, y: 676 },
    pdl1: { x: 346, y: 684 },
    il10: { x: 196, y: 730 },
    m1: { x: 278, y: 716 },
    immature: { x: 50, y: 762 },
    lactate: { x: 130, y: 766 },
    pdl1_class: { x: 348, y: 776 },
    tumour: { x: 258, y: 822, r: 28 },
    toxicity: { x: 36, y: 848 },
    chemo_kill: { x: 112, y: 866 },
    chemo: { x: 42, y: 938 },
    spread: { x: 176, y: 914 },
    line: { x: 258, y: 946 },
    duration: { x: 342, y: 890 }
  },
  bows: {
    "perfusion-reach": -0.16,
    "perfusion-chemo_kill": 0.16,
    "tumour-antigen": 0.22,
    "immature-tumour": 0.1,
    "cd8-memory": 0.3,
    "memory-cd8": 0.3,
    "ifn-immature": 0.14,
    "ifn-pdl1": -0.2,
    "vegf-dc": -0.16,
    "il10-dc": 0.16,
    "lactate-exhausted": -0.16,
    "function-ifn": 0.16,
    "leak-entry": -0.14,
    "anti_ctla4-treg": -0.12,
    "treg-primed": -0.12,
    "leak-perfusion": -0.22,
    "mature-perfusion": 0.16
  },
  scenery: {
    bed: "M112 186 C180 168 280 180 366 196 C392 260 376 360 380 470 C386 600 392 720 372 850 C330 908 240 880 170 876 C110 860 92 800 96 700 C100 560 92 470 98 380 C104 300 92 230 112 186 Z",
    node: "M70 40 C72 8 180 10 260 10 C350 8 384 14 382 62 C380 160 290 170 220 172 C170 172 190 104 130 104 C84 104 68 90 70 40 Z",
    vessel: [
      "M24 120 C22 240 26 340 24 420 C14 480 36 540 22 600 C12 680 36 740 22 800",
      "M80 120 C82 240 78 340 82 420 C92 480 68 540 80 600 C92 680 66 740 80 800"
    ],
    lumen: "M24 120 C22 240 26 340 24 420 C14 480 36 540 22 600 C12 680 36 740 22 800 L80 800 C66 740 92 680 80 600 C68 540 92 480 82 420 C78 340 82 240 80 120 Z",
    pericytes: [
      [20, 180, 90],
      [84, 190, 90],
      [20, 270, 90],
      [83, 290, 90]
    ],
    labels: [
      { key: "scene.node", x: 226, y: 22 },
      { key: "scene.vessel", x: 52, y: 114 },
      { key: "scene.bed", x: 310, y: 872 }
    ]
  }
}, un = 14, mn = 30.4375;
function pn({ day: e, last: t, onDay: n, say: a }) {
  const [o, r] = R(!1);
  tt(() => {
    if (!o) return;
    let m = 0, p = null, d = e >= t ? 0 : e;
    const _ = (h) => {
      p !== null && (d += (h - p) / 1e3 * (365 / un)), p = h, n(Math.min(d, t)), d >= t ? r(!1) : m = requestAnimationFrame(_);
    };
    return m = requestAnimationFrame(_), () => cancelAnimationFrame(m);
  }, [o, t]);
  const s = Math.round(e), c = a("map.day_value", { day: s, month: (e / mn).toFixed(1) });
  return /* @__PURE__ */ i("div", { class: "player", children: [
    /* @__PURE__ */ i("button", { type: "button", class: "main", onClick: () => r(!o), children: a(o ? "map.pause" : "map.play") }),
    /* @__PURE__ */ i(
      "input",
      {
        type: "range",
        min: "0",
        max: t,
        step: "1",
        value: s,
        "aria-label": a("map.day"),
        "aria-valuetext": c,
        onInput: (m) => {
          r(!1), n(Number(m.currentTarget.value));
        }
      }
    ),
    /* @__PURE__ */ i("output", { children: c })
  ] });
}
function hn({ say: e, statedOnly: t, onStated: n }) {
  return /* @__PURE__ */ i("ul", { class: "legend", children: [
    ["more", "less", "drug"].map((a) => /* @__PURE__ */ i("li", { children: [
      /* @__PURE__ */ i("svg", { class: a, viewBox: "0 0 32 16", "aria-hidden": "true", children: /* @__PURE__ */ i("circle", { cx: "16", cy: "8", r: "7" }) }),
      e(`map.${a}`)
    ] }, a)),
    /* @__PURE__ */ i("li", { children: [
      /* @__PURE__ */ i("svg", { viewBox: "0 0 32 16", "aria-hidden": "true", children: [
        /* @__PURE__ */ i("path", { d: "M1 8 H26", stroke: "currentColor", "stroke-width": "2" }),
        /* @__PURE__ */ i("path", { d: "M31 8 L22 3 V13 Z", fill: "currentColor" })
      ] }),
      e("map.stimulates")
    ] }),
    /* @__PURE__ */ i("li", { children: [
      /* @__PURE__ */ i("svg", { viewBox: "0 0 32 16", "aria-hidden": "true", children: /* @__PURE__ */ i("path", { d: "M1 8 H28 M29 2 V14", stroke: "currentColor", "stroke-width": "2" }) }),
      e("map.inhibits")
    ] }),
    /* @__PURE__ */ i("li", { children: [
      /* @__PURE__ */ i("svg", { class: "emergent", viewBox: "0 0 32 16", "aria-hidden": "true", children: /* @__PURE__ */ i("path", { d: "M1 8 H31", stroke: "currentColor", "stroke-width": "2", "stroke-dasharray": "2 4" }) }),
      e("map.emergent")
    ] }),
    /* @__PURE__ */ i("li", { children: e("map.heavy") }),
    /* @__PURE__ */ i("li", { class: "unprinted", children: /* @__PURE__ */ i("button", { type: "button", "aria-pressed": t, onClick: () => n(!t), children: e(t ? "map.all_arrows" : "map.stated_arrows") }) })
  ] });
}
const fn = '.causal{--more: var(--series-2);--less: var(--series-1);--acting: var(--series-3)}.causal .chooser{display:grid;grid-template-columns:minmax(9rem,1.1fr) minmax(12rem,2fr) minmax(12rem,2fr) minmax(12rem,2fr);gap:.5rem 1rem;margin:0 0 1rem}.causal .stage{display:grid;grid-template-columns:minmax(0,1fr) 19.5rem;gap:1.25rem;align-items:start}.causal .plates{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(18rem,100%),1fr));gap:1rem}.causal .sheet{margin:0;padding:.5rem .6rem;background:var(--background);border:1px solid var(--faint);border-radius:10px;box-shadow:var(--shadow)}.causal .sheet figcaption{font-size:.9rem;font-weight:600;padding:.1rem .4rem .3rem}.causal .sheet figcaption span{font-weight:400;color:var(--warning)}.plate{display:block;width:100%;height:auto;font-family:var(--latin),var(--chinese),sans-serif;user-select:none}.plate .bed{fill:color-mix(in srgb,var(--series-4) 6%,var(--background));stroke:color-mix(in srgb,var(--series-4) 26%,var(--background))}.plate .lymph{fill:color-mix(in srgb,var(--series-3) 6%,var(--background));stroke:color-mix(in srgb,var(--series-3) 26%,var(--background))}.plate .lumen{fill:color-mix(in srgb,var(--bad) 8%,var(--background))}.plate .wall{fill:none;stroke:color-mix(in srgb,var(--bad) 45%,var(--background));stroke-width:2.2;stroke-linecap:round}.plate .pericyte{fill:color-mix(in srgb,var(--series-5) 45%,var(--background))}.plate .place{font-size:10.5px;font-style:italic;text-anchor:middle;fill:var(--muted)}.plate :lang(zh) .place{font-style:normal}.plate .arrow{color:var(--line);cursor:pointer;transition:opacity .15s}.plate .arrow:focus{outline:none}.plate .arrow .grip{fill:none;stroke:transparent;stroke-width:11}.plate .arrow .line{fill:none;stroke:currentColor;stroke-linecap:butt}.plate .arrow .head{fill:currentColor}.plate .arrow .head.bar{fill:none;stroke:currentColor;stroke-linecap:round}.plate .arrow.more{color:color-mix(in srgb,var(--more) 82%,var(--background))}.plate .arrow.less{color:color-mix(in srgb,var(--less) 82%,var(--background))}.plate .arrow.ours.same{color:color-mix(in srgb,var(--line) 55%,var(--background))}.plate .arrow.emergent{color:var(--series-4)}.plate .arrow.emergent .line{stroke-dasharray:1.5 4;stroke-linecap:round;stroke-width:1.6}.plate .arrow.removed{color:var(--warning)}.plate .arrow.removed .line{stroke-dasharray:5 5}.plate .arrow.removed .head{opacity:.35}.plate .arrow.dim{opacity:.1}.plate .arrow.lit.same:not(.removed,.emergent){color:var(--foreground)}.plate .arrow:focus-visible .grip{stroke:color-mix(in srgb,var(--accent) 30%,transparent)}.plate .tag{font-size:9.5px;font-weight:700;text-anchor:middle;fill:var(--foreground);stroke:var(--background);stroke-width:3.5px;paint-order:stroke;pointer-events:none}.plate .node{cursor:pointer;transition:opacity .15s}.plate .node.dim{opacity:.28}.plate .ground{fill:var(--background);stroke:var(--muted);stroke-width:1.1}.plate .level{fill:none}.plate .more .level{fill:var(--more)}.plate .less .level{fill:var(--less)}.plate .drug .level{fill:var(--acting)}.plate .glyph{fill:none;stroke:var(--foreground);stroke-width:1.2;stroke-linecap:round;stroke-linejoin:round}.plate .mediator .glyph,.plate [data-node=alternative] .glyph{stroke-width:2.6}.plate [data-node=pdl1] .glyph{stroke-width:1.3}.plate .nucleus{fill:var(--foreground);fill-opacity:.55}.plate .lit .ground{stroke:var(--foreground);stroke-width:2.2}.plate .name{font-size:11px;fill:var(--foreground);stroke:var(--background);stroke-width:3px;stroke-linejoin:round;paint-order:stroke;pointer-events:none}.plate.narrow .name{font-size:10.5px}.plate .amount{font-size:10px;font-weight:700;fill:var(--muted)}.plate .more .amount{fill:var(--more)}.plate .less .amount{fill:var(--less)}.plate .drug .amount{fill:var(--acting)}.causal .player{display:flex;align-items:center;gap:.9rem;position:sticky;bottom:0;z-index:2;margin-top:.75rem;padding:.55rem .9rem;background:var(--background);border:1px solid var(--faint);border-radius:10px;box-shadow:var(--shadow)}.causal .player button{min-width:4.5rem}.causal .player output{min-width:10.5rem;text-align:right;font-variant-numeric:tabular-nums;font-size:.9rem;white-space:nowrap}.causal .legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.7rem 0 0;padding:0;list-style:none;font-size:.8rem;color:var(--muted)}.causal .legend svg{width:1.6rem;height:.8rem;vertical-align:-.1rem;margin-right:.35rem}.causal .legend .more{color:var(--more);fill:var(--more)}.causal .legend .less{color:var(--less);fill:var(--less)}.causal .legend .drug{color:var(--acting);fill:var(--acting)}.causal .legend .emergent{color:var(--series-4)}.causal .card{position:sticky;top:4.25rem;max-height:calc(100vh - 5rem);overflow:auto;font-size:.9rem}.causal .card h2{font-size:1.1rem;margin:0 0 .4rem}.causal .card h3{font-size:.8rem;font-weight:600;color:var(--muted);margin:1rem 0 .25rem}.causal .card p{margin:.3rem 0}.causal .card .close{float:right;margin:-.2rem -.3rem 0 .5rem}.causal .says{font-size:1.02rem;line-height:1.45}.causal .says b{font-size:.8rem;color:var(--accent);margin-right:.4rem}.causal .formula{display:block;overflow-x:auto;padding:.45rem .6rem;margin:.25rem 0;background:var(--page);border-radius:6px;font:italic .95rem/1.6 "Cambria Math",STIX Two Text,Georgia,"Liberation Serif",serif}.causal .formula .here{background:color-mix(in srgb,var(--more) 22%,transparent);border-radius:3px}.causal .formula sub{font-size:.72em;line-height:0}.causal .formula .upright{font-style:normal}.causal dl{margin:0}.causal dt{margin-top:.5rem}.causal dd{margin:0;color:var(--muted);font-size:.85rem;overflow-wrap:anywhere}.causal .course{display:block;width:100%;height:auto;margin:.3rem 0}.causal .course .band{fill:var(--less);fill-opacity:.13}.causal .course .line{fill:none;stroke:var(--less);stroke-width:1.8}.causal .course .line.second{stroke:var(--more);stroke-dasharray:5 3}.causal .course .now{stroke:var(--muted);stroke-dasharray:2 3}.causal .course .axis{stroke:var(--line)}.causal .course text{font-size:10px;fill:var(--muted)}.causal .difference{font-size:.85rem}.causal .difference td,.causal .difference th{padding-block:.2rem}.causal .links-list{list-style:none;margin:0;padding:0}.causal .links-list button{border:0;background:none;padding:.1rem 0;white-space:normal;text-align:left;color:var(--accent)}.causal .statements ol{list-style:none;margin:0;padding:0;columns:24rem auto;column-gap:2rem;font-size:.9rem}.causal .statements li{break-inside:avoid;margin:0}.causal .statements button{display:grid;grid-template-columns:2.4rem 1fr;width:100%;border:0;background:none;text-align:left;white-space:normal;padding:.2rem .3rem}.causal .statements button:hover,.causal .statements button[aria-pressed=true]{background:var(--accent-ground)}.causal .statements b{font-weight:600;color:var(--accent);font-size:.8rem;line-height:1.7}.causal .busy{opacity:.6}@media(max-width:62rem){.causal .stage{grid-template-columns:minmax(0,1fr)}.causal .chooser{grid-template-columns:1fr 1fr}.causal .card{position:static;max-height:none}.causal .card.open{position:sticky;bottom:3.6rem;top:auto;z-index:3;max-height:46vh;border-color:var(--line)}}@media(max-width:40rem){.causal .chooser{grid-template-columns:1fr}.causal .player{flex-wrap:wrap;gap:.2rem .8rem}.causal .player input{order:3;flex-basis:100%}.causal .player output{margin-left:auto}.causal .sheet{margin-inline:-.6rem;padding:.3rem 0}}@media print{.causal .stage{display:block}.causal .player{display:none}.causal .card{position:static;max-height:none;margin-top:1rem}.plate.wide{max-height:21cm}}', _n = {
  "map.title": { en: "The mechanism at work", zh: "机制的动态" },
  "map.lead": {
    en: "Every causal statement of the review is an arrow. Choose a regimen, let time run, and see what rises and falls; open an arrow to read its statement, formula and source, and to take it away.",
    zh: "综述中的每一条因果陈述都是一支箭头。选择方案、播放时间，观察各量的升降；点开箭头可读其陈述、公式与来源，并可将其去除。"
  },
  "map.trial": { en: "Trial", zh: "试验" },
  "map.arm": { en: "Regimen", zh: "方案" },
  "map.beside": { en: "Beside it", zh: "并排比较" },
  "map.beside_none": { en: "nothing", zh: "无" },
  "map.patient": { en: "Patient", zh: "患者" },
  "map.median": { en: "Median of {n} patients", zh: "{n} 名患者的中位数" },
  "map.patient_one": { en: "{id}: {text}", zh: "{id}：{text}" },
  "map.play": { en: "Play", zh: "播放" },
  "map.pause": { en: "Pause", zh: "暂停" },
  "map.day": { en: "Day", zh: "第几天" },
  "map.day_value": { en: "Day {day} · month {month}", zh: "第 {day} 天 · 第 {month} 个月" },
  "map.legend": { en: "Key", zh: "图例" },
  "map.more": { en: "more than at the start", zh: "高于治疗前" },
  "map.less": { en: "less than at the start", zh: "低于治疗前" },
  "map.drug": { en: "drug acting", zh: "药物起效" },
  "map.stimulates": { en: "raises", zh: "促进" },
  "map.inhibits": { en: "lowers", zh: "抑制" },
  "map.emergent": { en: "emergent: no term of its own", zh: "涌现：无独立项" },
  "map.heavy": { en: "the stronger the change, the heavier", zh: "变化越大，线越粗" },
  "map.removed": { en: "taken away", zh: "已去除" },
  "map.all_arrows": { en: "All arrows", zh: "全部箭头" },
  "map.stated_arrows": { en: "Only the review's", zh: "仅综述所述" },
  "map.show": { en: "Arrows", zh: "箭头" },
  "map.label": {
    en: "Causal map, {arm}, day {day}. Use the arrow keys to go from arrow to arrow and Enter to open one.",
    zh: "因果图，{arm}，第 {day} 天。用方向键在箭头间移动，回车打开。"
  },
  "map.raises": { en: "{from} raises {to}", zh: "{from}促进{to}" },
  "map.lowers": { en: "{from} lowers {to}", zh: "{from}抑制{to}" },
  "map.node_state": { en: "{title}, {of}: {value} {unit}", zh: "{title}（{of}）：{value} {unit}" },
  "map.no_state": { en: "no state of its own in the model", zh: "在模型中没有自己的状态" },
  "map.start": { en: "at the start", zh: "治疗前" },
  "map.now": { en: "day {day}", zh: "第 {day} 天" },
  "map.band": { en: "Band: 10th to 90th percentile of patients.", zh: "带：患者的第10至第90百分位。" },
  "map.arrows_in": { en: "Acted on by", zh: "受其作用" },
  "map.arrows_out": { en: "Acts on", zh: "作用于" },
  "map.hint": {
    en: "Point at a node for its state. Open an arrow for its statement, formula, parameter and source.",
    zh: "指向节点可见其状态；点开箭头可见其陈述、公式、参数与来源。"
  },
  "map.close": { en: "Close", zh: "关闭" },
  "map.statement": { en: "Statement", zh: "陈述" },
  "map.added": { en: "Added by the authors of the model: {text}", zh: "模型作者所加：{text}" },
  "map.place": { en: "Review, {place}", zh: "综述 {place}" },
  "map.own": { en: "The model's own arrow; the review does not state it.", zh: "模型自有的箭头；综述未陈述。" },
  "map.formula": { en: "Formula", zh: "公式" },
  "map.effect": { en: "Effect of this arrow", zh: "此箭头的作用" },
  "map.effect_now": {
    en: "multiplies its target by {value}; at the start by {start}",
    zh: "使目标乘以 {value}；治疗前乘以 {start}"
  },
  "map.emergent_text": {
    en: "Nothing in the model is written for this statement; it follows from other arrows ({term}) and is tested.",
    zh: "模型中没有为此陈述写任何项；它由其他箭头得出（{term}），并经检验。"
  },
  "map.functions": { en: "What the functions mean", zh: "函数的含义" },
  "map.parameters": { en: "Parameters", zh: "参数" },
  "map.range": { en: "{low} to {high}", zh: "{low} 至 {high}" },
  "map.read": { en: "read in the source", zh: "已在来源中核对" },
  "map.unread": { en: "not read in the source", zh: "未在来源中核对" },
  "map.varies": { en: "varies between patients", zh: "患者间有差异" },
  "map.ablate": { en: "Take {tag} away", zh: "去除 {tag}" },
  "map.restore": { en: "Put {tag} back", zh: "恢复 {tag}" },
  "map.restore_all": { en: "Put all back", zh: "全部恢复" },
  "map.ablated_now": { en: "Without {tags}", zh: "去除 {tags}" },
  "map.difference": { en: "What it changes, day {day}", zh: "由此引起的变化（第 {day} 天）" },
  "map.with": { en: "with", zh: "有" },
  "map.without": { en: "without", zh: "无" },
  "map.no_difference": { en: "No node changes by 1% or more.", zh: "没有节点变化达到1%。" },
  "map.not_ablatable": { en: "This statement has no term to take away.", zh: "此陈述没有可去除的项。" },
  "map.statements": { en: "The statements", zh: "全部陈述" },
  "map.loading": { en: "Simulating", zh: "正在模拟" },
  "map.failed": {
    en: "{n} of the patients could not be simulated to the end and are left out.",
    zh: "有 {n} 名患者未能模拟到底，未计入。"
  },
  "scene.node": { en: "lymph node and blood", zh: "淋巴结与血液" },
  "scene.vessel": { en: "vessel", zh: "血管" },
  "scene.bed": { en: "tumour bed", zh: "肿瘤微环境" }
}, gn = `
:host { display: block; }
.causal { font: 15px/1.55 var(--latin), var(--chinese), sans-serif; color: var(--foreground); background: var(--page); padding: 0.75rem; border-radius: 10px; }
.causal .card { position: static; max-height: none; }
.causal .player { position: static; }
`;
function vn(e) {
  return e.replace(/:root(\[[^\]]+\])?/g, (t, n) => n ? `:host(${n})` : ":host");
}
function B(e, t) {
  const [n, a] = R(() => e.get(t));
  return tt(() => {
    const o = () => a(e.get(t));
    return e.on(`change:${t}`, o), () => e.off(`change:${t}`, o);
  }, [e, t]), n;
}
function yn({ model: e }) {
  const t = B(e, "map"), n = B(e, "play"), a = B(e, "ablate"), o = B(e, "day"), r = B(e, "lang"), [s, c] = R(null), [m, p] = R(null), [d, _] = R(!1), h = E(
    () => bt(_n, wt(r) ? r : "en"),
    [r]
  ), l = n.days[n.days.length - 1] ?? 0, u = Math.min(o, l), v = (f, g) => {
    e.set(f, g), e.save_changes();
  };
  return /* @__PURE__ */ i("div", { class: "causal", lang: r === "zh" ? "zh-CN" : "en", children: /* @__PURE__ */ i("div", { class: "stage", children: [
    /* @__PURE__ */ i("div", { children: [
      /* @__PURE__ */ i("div", { class: "plates", children: n.arms.map((f) => /* @__PURE__ */ i("figure", { class: "sheet", children: [
        /* @__PURE__ */ i("figcaption", { children: [
          f.title,
          " ",
          a.length > 0 && /* @__PURE__ */ i("span", { children: [
            "· ",
            h("map.ablated_now", { tags: a.join(", ") })
          ] })
        ] }),
        /* @__PURE__ */ i(
          Bt,
          {
            map: t,
            plate: n.arms.length > 1 ? dn : cn,
            days: n.days,
            day: u,
            states: (n.without ?? n.states)[f.id] ?? null,
            base: n.states[f.id] ?? null,
            ablated: a,
            statedOnly: d,
            chosen: s,
            pointed: m,
            onChoose: c,
            onPoint: p,
            label: h("map.label", { arm: f.title, day: Math.round(u) }),
            say: h
          }
        )
      ] }, f.id)) }),
      /* @__PURE__ */ i(pn, { day: u, last: l, onDay: (f) => v("day", f), say: h }),
      /* @__PURE__ */ i(hn, { say: h, statedOnly: d, onStated: _ }),
      /* @__PURE__ */ i("p", { class: "note", children: t.note })
    ] }),
    /* @__PURE__ */ i(
      Xt,
      {
        map: t,
        play: n,
        arm: n.arms[0]?.id ?? "",
        day: u,
        chosen: m?.kind === "node" && s === null ? m : s,
        ablated: a,
        onChoose: c,
        onAblate: (f) => v("ablate", [...f]),
        say: h
      }
    )
  ] }) });
}
function xn({ model: e, el: t }) {
  const n = t.attachShadow({ mode: "open" }), a = document.createElement("style");
  a.textContent = [Mt, kt, fn].map(vn).join(`
`) + gn;
  const o = document.createElement("div");
  n.append(a, o);
  const r = () => {
    t.dataset.theme = e.get("theme") === "dark" ? "dark" : "light";
  };
  return r(), e.on("change:theme", r), He(/* @__PURE__ */ i(yn, { model: e }), o), () => {
    e.off("change:theme", r), He(null, o);
  };
}
const bn = { render: xn };
export {
  bn as default
};
