"""Small NetCDF-4 files that take their data from other files, written once by h5py for these cases (zlib, base85): rain on 3 x 3 cells for 3 hours.

The other files are `../outside/outside.bin` (raw) and `../outside/outside.nc` (linked, virtual)."""

from __future__ import annotations

import base64
import zlib

FILES = {
    "raw": (
        "c-"
        "rk*&2G~`5T147#FU_>0+FO3)yG^~OjHTPrHvAoMoJSD_fSp{NF*$^NmVCOdg5B%fJflSkt0VQgGcBagtd3ZcvsDj5Gsn;Pl?8}JF`1Gp0TCRpAPE>_trMoAcSQ>8uF0D"
        "6mkAo)@lANN`~?Z<rjm-Su|I~@eN#GwL9*(ZfHGKK>IjpA?4^a{udm&)mNcBLA{LfhauaI{Ih;2FHxVMyy*IaWSu%o?#m!2d>GZAsKETD(0?lSDPHNJ>4v=rRy48?yLV"
        "xCniBIS9}VXX!-"
        "!V2urpE&&ErlH$YG=mGTgv|TC?hTT)&UKK<BA9j@*{lXt&;YwQAGler5DCBfnPl$OZH>6MmF0I@jkc<~xqSlH&1N?K<O637hUqaen^D+fL25qh+o#^X;hrC+2F`GlM%)"
        "T`|l6V+`vE6#1uhRlK#jG7^55Aot5P_RIGfb#;6BaQ;a?CQ3fOKANA896t}m^MKEd2mUDFdWq*FFU4d@@87MkCoTD%ygaV=@Iq`3uTeJkZ?<p5b}wt~CQCGEGM*40hU1"
        "IC4*bFUzFl!DPq&?C+ZD%loEOm#%o)#%j51DrpH;@y=f-4RzcV#7G&D3cG&D3cG&D3c{x%r$Ex-Aj=R&4t@i&Vk@jF`}sDB#@78E|>yvpxnp&aSr&)}pa^8<v_m^UCkh"
        "`uzON_H_Hit9|`8GEUG5MOP_`N4Hcvfa+kli_$2_`N>Kop&Kqor81qTj!A!6TDNi;T;2%Ku|3OJmV~$EF2|1$W-)<qGw?-@0Npaaa<#A+i?%vj@zoa7}rBX#MSGLx<P-"
        "mFi#YJ&p+!A0)IGwo9~;7aF2B2eo(wj$+yZ+uWI~k#p9>XG`|2=x3Ci"
    ),
    "raw_new": (
        "c-rljL1+^}6o%jIW|K9pq_&ZyA|w<Kf;3%2AdpKElC2v|6G@8Tsl+DemUJWC1k#gdp?dHjc=GPqlc(Oj3W8AZq&MqX4{>H^W{uOJU}Hg;pX|QOyti-Oe6zE=kL~LEh3M"
        "s|s_VctVX~97ZL<Dk;mMb#U2Q4GYh}gnQA5HdqM`~Q;twat8S!uk4V~TIF>8e5)QMOd?SDtVdKB&%M^xrv300nOuj9B&JpTgBQ0s8;!Y>~ILO8L45aO2yHV)`wx(F0T3"
        "3BHlH^EK~&qIwa;JoiO8u^r6acL1kC+BZmCpp774|Z1S<#rpESY2c;)!K&DXxEyJt#+kcx4=k|aE*pH${Us+t+8mr3XD9>7$+ek*BN@SjF6v^92A)D$KzyRv*q;rV<%X"
        "A+x&QRIu`mOjzCE^OmeO?uFRsLuwx&{GW5c9z%idu9{yJMLvLTsgN1qaEXF>IqxrGOTs5`>7CAhKI)lZZtj{V1bTg(Qp+n*ka8{9PIJ19aB1o~lqzhH_nWbDgx&Cjt5)"
        "fOO0HOe=(7Wd=YqnLsO=mH+ov@0Uz%8>j7!5tA+v7HK&v5~o75kRaCv0MPiR07jTd%b@VVNy`f>D@t@1d#ftO@O~(2n5a^PA)cGA^YD!d=O$F-"
        "bKoYu##DjfzF9xuei(x}9Oi>kWUF)x}RB*K-"
        "Cg=)})gmQ;%bGQl&L>2PxH;WUMRJ#Nr{d~k4<<MLP3vsa&X;D6QEBKuRK<}S0f((L$J5O=fEtfQ${FUON&_Q7DZ=cPTz-"
        "R`BcX7<LanP1JCY11tDKj8a`KMI0x1EHUP8AODB{$0Q|j)9bvl$4Z|l$4Z|l$4Z|)SUGL|DOd~"
    ),
    "link": (
        "c-rll%}xR_5P+x4Uqy@<J)ntkk6wV4kZ8OBfmKNOF|G$asX-"
        "F=;F9o@z#HHj_y|0PM<0hbz;<`K>=HucppwupBtxe&({|G7Ci7k{UF}4VqQIdPf)EEUQ)H6xkH!2GN`i8Pa;yk_#GXTU7Tt+oM#UKQcelFEt*3K{b+n-"
        "Hmuw<sy>P?jJ&skBUy9$ZXTG(#9O8H|cRw#yT$jL><4eTYxwwQliU8WpWWqMxQ*%IVO&+q_ke#AIh-vw}q9}F%itz#j&D~0Ih=GRdhM56{VzpoxY`l-"
        "PAkI~))bzShY1AK$Vxg)tzf<%J*?#pxO$YP~dHh7aL|uMFFyHPDsBb?;y-_0UltQZpmgi5LW)xm-C+d0-+Kl@w-"
        "o@X)SBXEnSBl4P=&q!$Sw6IX$;V*De8kv!#C{G~+`eV@x@>&N@)7s#iTd8R6JER2|K|OiNe=%wi^BuTN`A3@#kIRGHmbx^$lm>MUfcanSM8csv!!OV%vn-"
        "9Pi8b#(=P3w8}V~je(NL>i9{liNF)-8L?T&N6t|zUxPu?XevBZDjRFEe-hy=7h%-GIczcE({m|PZ42%8?%?CTrrgaREN~PQVUe|nS37N8*kmj=h-!zJZOa"
    ),
    "link_new": (
        "c-rliPfG$p7{=dO|Fmo?nHpLoNpvdIO$0#-71vtP6!O$5LWTB_g1Vs47wFKv574E~ojUaa`V4)9>KGK*&g`s|+0CNh{joE%Gw-txv(GNfnWpY|q$SBAieNM3Xd!E^@by"
        "so{IRO3`+|HUtg;n{bL^3EBmoGmyMweRwj7*2{iONCC+>h%Bz#T=ujF$@uq*u;hjr)m(%#Pvw{71be9zn3<vrUz0YXe;fe^yoU^E7R%tta{g^`8iEF_0!(Ph4eLlS+ag"
        "76~nbYQ^;&aVl`8`RZpip^raoU7HqPxoy$`Zj8DuTZHKtChoAK36V)yh7zJOJ2$C6`0z^)if=TQ<h_ZN{p7?>%t--"
        "%#k)LGLh*`Gtl@p*}7*ei*QK2okkX+AIV~QQWgSl1Ar1tlhcQ5V;Wf~zn?{a+FA65jrD3?E4kzB*O9Y!0M5>l-U<W6V)3@o>*|fBJ;qvfh|?-"
        "uTy4Dof*}8t=M2BeTEhV!i`mKg;z+lfua?<K<Na{z@RNvg+%`JhNLO#wn~{W)*o-QvXhMl7N}63G$GbWF3J8KA2!bF8f*=U;S9u2?x~qc"
    ),
    "virtual": (
        "c-rk)&2G~`5T3R3V~SBzKqP4n^|6;06IB9nX`{p?k<tXkJ-`W~B&ZgugK9@gPjD<x0FS@}aNx+XkHI7G24UAbYwU$26^Ek0eo8c%-"
        "I?9l@$7E=y>B)SZ>?>v0fS*c1`3eG3~^aW>!SZ9N`mqN<tI(Flc=wR?Hf40Y<Jvq9A-"
        "U}Am*_%T&AN__+QX;YEPMbhWa+jOD$~|dZ!~M&rzSEJnMUYvQF(Q&P%}LK19?XufUTs*S|^jI<0hOx?$~u5w#q^-c8t>>AXKnTUo!RY0-"
        "!V?hKuvdAw6NOpKI3jv5$HZ`WLx>UVH2i1jpDM^49WbvrNIdadnHzisr(Mt+^zkpt+LP56m?iFJL<W4_}Ej8r^sr`sU(l(58eDJ{;Q@V4~Dc4C-"
        "|++sVi|EJm2u4e)_QguZz1B4K)Baq~u)>Y}+>Pk!aokM!RG&i~abxvJfUq0-"
        "=l8>pB52La;A0}Ooi03ZtoA_QBP`ym^QAovPr0(A>mTMz@Ctn@k_wfgx9G;_W9sJ(D727?jciSYfL6h-"
        "B=jC{E7FdDj4@Oqiu0GhYAMR9b%eEg!9}vg*2}pk^c6aZOCt=_XM?&uU1Ad(A(i)Tbwy;*@9B7H}=gPYexjE-lUTPQTjUl!Fa$c>gyIMg(K|w)5K|w)5K|$f)1>-"
        "5$yLKVwZys@}&*N{FNx|=IK?dLGiv|?mVt>r<=z`zj#6w0G><4EQZYTJW!7KB%32#teryivQpVMx+#{gxdFpBt&KaYQ6tzxE}q~|3)8fOWgWx|&@u8`XHoI|JQbm|Vqb"
        "x-4Q4f|m~7==rphlqdZosRs#8~YM(F%N8xOw6GCjF%+V%^>r>s~SI9@%ROA_5+j9r^N"
    ),
    "virtual_new": (
        "c-"
        "rk&&1(}u6o0duk2Q@+Z6irVNEF0FX}X3;u$Lwz+h#FMAd!L>B_yd`KQ_`$AU$~&S`WSXF9;%n9)%t~di5?It#=P`KG$^{5j5r?^CP=2Gw;otH@`P;cAi!%8)qXIBC4i="
        "z?h?&Vr`xGr`8U?G^&-"
        "R5`CjwrafxFH^h&K0*L5CN%BU*90CLDQSXE|LJ6isyp8t1p`SI1(2T+=*KmibaJbjD>_y>!9wwl9+<#8PM}QD^tRRHMa91V(oy)8PBcllUImnN(GKklqM&_~K)gZHc#z"
        "&lAfWYbXN0*7u5cY$W<yxuLf<+z|Sxd#-"
        "GU_d}QNP<Nmudz?)5JW;%<H8sgIWi<HQ@@P1?Dk9Oop~Ka9{}`>XAH*Fpb({XHezor2X+zT)ee*5C4t}Z2?=L6rUzFRW>e8VngB2K9DrL<7pU)6&2u5@gerUF%2&C*>f"
        "?XTwD)Ljf>YeULH{{E_HUI54;cNCXXjoCvfvSNx4e{E6xlgHAp@I&fT0A!^NwL?W+8mw}-"
        "@I921rBvQ#r$w_u4An4~2zIfKYk6d_+b>}yjI^K<j@%I2#^xq6dj8+_Ro@#!SKrm<l(je6N&@og(CzHWQac6x&!fp&3a+m6+@K_hy>5Q!go;wEs<Hjd-"
        "*na3oWS<UPApBx;_a$a%tAHDc|A0+-"
        "QzOM5>MJ8@@X%;8jo37nvxlu!&Pp?R0n#<k(aL>s&mfh)Pa(eFCie6aB=^0&Lqdzyzcfhv~vf0)CaNt<oo{(9)1LSK@OB;EjQFyr{MddCKxADqP_pavH5#W|OhPaD_ef"
        "{DlqWSv8Jw!l@%iSX(At50lAt50lAt530|KmIUnEmz"
    ),
    "group": (
        "c-rk*&2HL25S}#{TuPNht;$b-;$to$E{fEu7eL??Bmxo6p*=MySgobTpco`_YL4lx$38-jJ@n9Hk9~|jLf?Se-dW^b#ZXldZIt~48fJIaJ3IcyNS{A68+&&$#S8?{G)T"
        "faL@`5r)p?)IAE6~^FVKEg*f<I2@;JVM*B9dsd!`vg&jhf2j3l*ub`m!QO|y0o*q4kCXn!bt+}Js>1AB)46zv<dr+vqb@^x#;z67!~mN5QN2A)5p{!bx3;WIr5-"
        "Owwbg(Fqiy$!pw1f5s?(O_Otl<<lgc1D6=_`FjnvUpMgDL+7idb?&>zJC{cft{n#+BZ8^tJ`^P)oX3jU$=$p)Noy=wr>KiQzPqGz1X=vrLo@g3^XnutJ7@+*VNg4$@Bd"
        "`LjPltukYIji|fpG(G!c~SamK^i{sdHVygb1d?s*<;}yY^5kinhAlSd<Reoi>QX=clfbW;1N7Vlw!>iTR!}urlm<sjKA1|&));|x+=bk?|ah<W}`vt!q>s(G6*MFNqPi"
        "lNm{yBbC@CV%-UZHJOFOP4{<6hLeZ4zm`Xg*>84=1Od?m6zUt(T4RlWpVacG=Jk<9YZ2HRd^x62@6Sr-gCxc`#j*|CtgJ5)u*;5)u*;5)u*;R}BJ5PUmMjhlaY}5sp)x"
        "A7XWWiJJ{k=V$uPm!ilwii0cKSD7>Sa%N^wPh?0j-"
        "A}6~2ev&b0F+8Q!^zll1~#)L_ZW6qzG}E$o9mm;s7=J_o69WIKR1EC8q*=CLGC@y$LpU>okqOl&Yy)5=C$T`Za$)Owp-"
        "RAKmn+<m&1D!r^^PTOn+1bKPC8SSg!MC;oCf~u^-zr_spKzshgPBeTC*V=#TrJJzjdBS^fj(#CAPr=n6cGL$C*{b2MKf@KJovab5E#*F1kkK1x@N^UA8ezX5ct;X4"
    ),
    "group_new": (
        "c-rk&&ubGw6n?YWO_rG2G>s+^AwlU$nr=fN;K3v$TN6wZNmNwC5}Ke3btBo0Y)^Xd;ze(z=l%hLSn#AL!IOwL!T+K5E?9Sd#bgZ%HRK@kk=e=2d-"
        "G<#@9oUavr2hwE_f#BQ&r$NV%U$<w#NGBt{y_8Qf^A2ed!$O@hP4mUIZmT*zS+vCzAOTvTZ!*eq#-Plo}ChqwVi#+#+#{6Yz~&eB5$xkp&Nj@pF%@Y-"
        "z{}emM1AvU~&xxx*!d5Fb9QqktAtd7xqxAbSF`N3KzEdH8}j^amFBIU8{*0`l+tLl<yNzZ=IjmTJXT3l{O(+=983tLu8bRc+KaTBTx5hfor`E7ZMST-"
        "S-W!o0Co5X#YrQS34>4cmeQLL?$CR4|qJyTPEs(n<Q~!HcC=pPT=tg&J`^P@GK@pQ;*XC#fN^vQ094-A^ZUIHMdK7YhfU-b_OaZT4C?M2nBp)8gdDyDvlwaHPnjjZHVS"
        "|GfKVsRg;y?LJHZq|+<Cfo&O`F0a$(CaeIg9%BhvThfN<$htgz6VmawnxrcU^hiiSOoiBE7*AJ)<!S5B>Dt0k=iU57N0U>lwyr^f<t;{b-"
        "sBetjqF9m)AoDX0sIJ#YH|DY%e#$I<qAJO`S~gL+lINrT3>fx_puYD1)jH%6VNb$roN^(^?FIC1a3%_K&NfDt*-"
        "rxNyj~LOv~t*pkh0h5fels#4vW`@$|jjyYm9CW>)j^_N9aOH)lC7|0F$qq-5cL!C{{LDbVT`tE+{{{?(!1<x-<YBnpqqm1On(-"
        "k@)#EW_OFrZQS)by>?TXS9^2T_iu?7YTj~8Qu*%{rqMS@bvS00f#dW0s;a80s;a80s;a80s;b4$CLc5%1>1xCQJ"
    ),
    "plain": (
        "c-"
        "rk)!EVz)5S_K_WGO~XRYa0<sE@r=GEpTEmn2GDVku2f+yk6wL?dCTby4j~>8TvcAMgo$00)j7`3ydRKM1?o*<i15QXv$G*r!C3nVs=Ik7w4(yzjIR?yYaH0|%wB1|>*i"
        "g81ZQb-8|wlAydn`O%PeGF_{neG{**`W+2Ck9$uP$bH;3A+zi>{ugw-=5sDzpuUUptC96f!m|;VSE!FsUJS!1U8n9X_a$J97$WOWRN!${=-(87lT|u*-E`_er<Mln--Z"
        "2&Db_7!<?DuFOs`0>GfaZ+vrZAPktu-!bD+@bHiLlaTi6Toe%k(_*9-i9?^V!hc0Crii*eR8uGc*D0OPDwoXnTJuMb7c_lyC}@CkbTHesiPBcDrUe*R>%W6t-Jm$@m-"
        "_mllUwpP2I3Eaul6~PP;La>fNk-uA4m8I2{k&3&5Y`-+Nh5jX{u9lY%_pjt*tmFe8&d-O<?nm;u&(<!ZFo~I7W%(#&IMK}ecZc^R&AyXwkMDK-"
        "AvTAXDE-E-{r#EWvsS-LQVp8s!|~?)@*;NPFnT?5YHsb(p8I&O<~pwXbov1+=e#H=cG>qu#jc(k;|=}J)X>n-"
        "(9qD((9qD((9rnP;PVgupP$a=H&28#^X4~;q@3^UfEfKdP^M76#`XO9PR9`*rx|`WyhUCcP-"
        "4D6=Qv$II0C5R=%S1>g}k{Fx61j7rRW7kFT&zEmJOe0yb|U+@D99z*K2vm>wzJ7oeYy<JW3Wm2g&~=JR3!EcpjmhE{NlM$ULX{lGJ^3sPo=c<xf_ezoCyD4GoQd2Jh<2"
        "`u+gQg0FZ"
    ),
    "plain_new": (
        "c-rlj&ubGw6vyA}W|K9hq_)wdB4iOfX<-e4fR`j}wkDV+l88_bmS6*}v>WNBkY23ULhzs`{{>O;P(1gq@!H-!#QE`NO}9ZoLr(J{yOWvs_RX8`%S`sTUfWno-"
        "c0JI36cqNk`sL!$Cn<TL%Uw<XsHwJHXqSrkw>B=H6Y9$&$2s_?hqS#d;K%)#52N3uul$ul8Y8iT1E*SEf`Rj0rz{JzbfM|!wfp7gO5CY0))`O8X-"
        "hJ9<~`E*Q_!KF)C2J3dIRE8gw0ca+$`>8^ZG)K5=~oVwcySy31n5X&h>Fn$>O>RxvNOmRe)eZFL*%)^^vaHeE>NnY$s}Th&dMdmHG@w1QMgM9eUk1K%44uto@v$Sxt6$"
        "^B_CsAD<#c>0nS$477O{ht=*3iTj4oF+F{HEzvPL&NJ3SQ)-"
        "x8AftNCHPmqkM};$LkoNHT8y|Bcj9x?;#=@xE7YP$C(&nU@wb+1l?SmIEy$XXJ%Wo`)lsC~KWnwiqNb@hnQ3L3jqVdzL(#JQXFt1YWNITAk$ybVPq15ZT8n2lzCLd|^+"
        "zIOh*VeRX0zNn?uOfOTaGJod#Z`tc6!5J&>#Lza)<6@Kkx=Vn9ME}V!4y4oEhO+hMZ2Wyk^-"
        "fYTj`CY&>4%yz;1j|LMmoP%M`7GJdIuW((U!Www7K^n2*En`G**SC%!8?aRTzeqaTj|Dtad?85zZyR=@gE!%#;KY+)%++`5H8$`zCn?WKnF5e3zqqM4~LZMJ76bgkxp-"
        "?Ck^XF}OQP(fkYXO-"
    ),
}


def content(name: str) -> bytes:
    """The bytes of a file."""
    return zlib.decompress(base64.b85decode(FILES[name]))
