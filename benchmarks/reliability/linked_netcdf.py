"""Small NetCDF-4 files that take their data from other files, written once by h5py for these cases
(zlib, base85): rain on 3 x 3 cells for 3 hours.

The other files are `../outside/outside.bin` (raw) and `../outside/outside.nc` (linked, virtual)."""

from __future__ import annotations

import base64
import zlib

FILES = {
    "raw": (
        "c-"
        "rk*&2G~`5T147#FU_>0+FO3)yG^KOjN0eOB*FFjg%%R?xCC@G?B2>CRLqC>4|H310I1RM~)nM3?89x5Z2il<6SjBLZ~QWKP4K^?#%A&c*d4Ke>$ukJXqUYgAkSlNytJR"
        "6U4<+S*Q7TC>hFYlwS-QXVbYnj&I=ls@-whbwlfk0@}w(3MogY@xS2Et-KE93F<|ZKMdJ!=%4pOd4>8I<z>h3$LrKta$g1+;lrr@L<MFyh5l2qPw+|)O*ia4u%;vXuyY"
        "@FCJ8Zb^3ibKFpTMn7IsF0p?TCP0vU{yL5dq#P;FE^kLwSy7w9~-"
        "`jOl8>aFHmuUcui+^>j!=G3oQIdTF0%$OhLi_Y~qjroouu%vjrW~;{dQ^KbElAoVH^0pK6?P!_n)O<VY|FOB+^~~U&R96f$z!<|i0!995UFGkru8f%970CT^gZ=V-"
        "MqS-qKAeA&kFk=EuTSRZBg4-_@jT*lqrN{3xL)A-$VxF;())KS>`6<0CohkiJ-iT`!yA<K{oC#9k=?6mtHELo8jmN$hr#GFumit;+Ox|}`T4f9yIpo{XZNM!@E@2no);"
        "-)occbkjH}O$@w$FzYG`O^XlQ6?XlQ6?XlVRxFyvc)^EWSqOw8hM7D?iFwm?w-HsmbGeZ+Z{-$_Gps*68^lY-0-"
        "5Y8grfcPN#(r_l(MSLi(Gmd8LrSd_1wH@UL*D1($rP8y(Xc+k29?8=Ckg3kV1^TV?Nb)h>sZsZi0SX|fmK>gO7EczA5+7tLdP>pLu$Xttz_%!_A-"
        "8S22X5PKR$Ywiu_5B>c7~mxH(Zz}ioffh_xgc9=)>*zO+~mzGIl>GUZ&(*<)>FQezxNA(`TAr;zzI="
    ),
    "raw_new": (
        "c-rljL1+^}6o%jIW|K9pq_&ZyA|w<Kf;3%2AdpKElC2v|6G@8Tsl+DemUJWC1k#gdp?dHjc=GPqlc(Oj3W8AZq&MqX4{>H^W{uOJU}Hg;pX|QOyti-Oe6zE=kL~LEh3M"
        "s|s_VctVX~97ZL<Dk;mMb#U2Q4GYh}gnQA5HdqM`~Q;twat8S!uk4V~TIF>8e5)QMOd?SDtVdKB&%M^xrv300nOuj9B&JpTgBQ0s8;!Y>~ILO8L45aO2yHV)`wx(F0T3"
        "3BHlH^EK~&qIwa;JoiO8u^r6acL1kC+BZmCpp774|Z1S<#rpESY2c;)!K&DXxEyJt#+kcx4=k|aE*pH${Us+t+8mr3XD9>7$+ek*BN@SjF6v^92A)D$KzyRv*q;rV<%X"
        "A+x&QRIu`mOjzCE^OmeO?uFRsLuwx&{GW5c9z%idu9{yJMLvLTsgN1qaEXF>IqxrGOTs5`>7CAhKI)lZZtj{V1bTg(Qp+n*ka8{9PIJ19aB1o~lqzhH_nWbDgx&Cjt5)"
        "fOO0HOe=(7Wd=YqnLsO=mH+ov@0Uz%8>j7!5tA+v7HK&v5~o75kRaCv0MPiR07jTd%b@VVNy`f>D@t@1d#ftO@O~(2n5a^PA)cGA^YD!d=O$F-"
        "bKoYu##DjfzF9xuei(x}9Oi>kWUF)x}RB*K-"
        "Cg=)})gmQ;%bGQl&L>2PxH;WUMRJ#Nr{d~k4<<MLP3vsa&X;D6QEBKuRK<}S0f((L$J5O=fEtfQ${FUON&_Q7DZ=cPTz-"
        "R`BcX7<LanP1JCX)|9iP5cACpZKF7_%;yw`IkXN=;z-BT;mu>Nl8gbNl8gbNl8gbNlDFFKLBnf1z`"
    ),
    "link": (
        "c-"
        "rll%}T>S5P)aXBwcI8iXN&U=IEt$ErQ~u4Q;f6+KTa@ClxK2gB45*?HklL@DchL9(^3&pzbEKF%c0x_yg`oVY;(3v%AC22Ijum*qh6(<Ul|v=um(pQ{=gr9?SW2lmz7%"
        "<wTSEY&eJRJbDzriHZs8kB=NjSWn*|*I~N!SNunsj(sTP363q4Pg>fp@85KV9N~EQ=6>#caa{s4kuQ<s=;9I*DKcpHDvP1%f>i|?YHF}G3tLk(Ft}FCYnm1YpcpSh&^)"
        "e`h&(V{*W?Bi>Mh&z_;?X(L7uDO9yo2!?X=Ily4`ZP-"
        "#Ypkp<mlRZ~*;`grCfptjmWi<~!a2P3^~PcN&DBQfjTt$N7_|8Ji#5$+{jI|KmQ(ck%o0Rq@B}m6q@u#Vc8VEFbJw@-"
        "h5kKJxrLaz9Hv?x5%Q13q5n`6#6JL{snEny6ixe)B%ha~1zYi^C~OxAwlh8{6&IJ1vqZ<m7$?*SCYazzY1{W!I{(%4UgemnzI++q;bMUmWpqUVZBn3WY+UP$(1%g+ihD"
        "t7vgQ<^2wR4*M|@6B`8tbkTy0+la4vGEDXi6Z%oIM`+6a3$5vQ7k+OQpj_U#9rOeLsw-u=cL^I}7T^V^nuJp"
    ),
    "link_new": (
        "c-rli!Ab%_7{|X^R})*w)X*YniB5&Oi6BU!qSlJ0kf%-&Dzt}Ia1|7Kfezh!fG&0J)TsyP8G3~37!=sd?yQvA&7$D@u`{zX-+%wi{&!){)WVL}v*dBO-"
        "C#51s9|fa@bz%|{IRAM_66xiST$E1;@BhOcmyD<?h3J<*m4lN+DYq)Ph3H(Ncfx#UdiW*U|0Gx4(rb6V|{=dZri>g_@1}5%X@SC1PGzV0wILE!DtKunU^zQg^`8iEF_1"
        "t=%nxA@VNa{L3j~(I<Vje@oNIo26J^$F)ijRxq2M}Y~Qr8w<(nNiq(3lRz0lebCn`UD@^XR<kj3>(NsIRnxzF&%5n@cNl(|h1}qX{I<jU(<~H@z3{<{NbKN_ZMI>Cfok"
        "kYnAIV~QQWgSl1AsD2lhcRm-ZZjMem{%;w6o|Ao9nf_T6V?FUq{N?0f?O=O^*P?V)1sbYiP}uJ;w9~#90+CuC`tPL6CpSbB5n!t>J)=rR-"
        "#VX{6iD*DB^o<NI*x@RNvf-0pP@+0gVxOHL?>&8U)!CKOpor4@x<BgeZr{0azyAP9mW2!bF8@>h8Wjxwu?"
    ),
    "virtual": (
        "c-rk)&2G~`5T3R3V~SBzKqP4n^|6<xCaP4#rHvAoL`oBs^Z+M_nn<-!98^0}dV*tl0(b--"
        "fCER4eGIPLc!RL(oi+ACl8Qr7U_T|A%<jzY?09xJ{@yj}M|ajX*MPw=AO$&yV}`gYC3VsN5+y--iSnZ++DX_~!1fIsU$#5xIu5g*Nf7hcDK3-"
        "IDf};JIMt_2K0|#Q<&~DS3*6C=$qUq{D9`(@7q3(Mn)4DcxepQb$1Cux$n~$1y-q8gnQmAIV1zA)uy-"
        "5wW;*Xr(^l56X<9g<fjdJdXddkp4ih6Kkf8<!)LPYEkLveuFNpQjo5xPO*X*=k^lH_XL;beVFCF@|tH%zYUpnR|@+H>wA&dErA}|v1^xB;|p{Il;o=ahI{)D%sFSZlIT"
        "xJ&AiTyuKuXa5XxRt0Yf*Bx$U>$)Z|Fo_OH&$0#%<lq{`=znT^)GYk>gMuc|CM}9rF<Br#rZJldPF?;Y2U<i1E1<envYx}CL?kGZn0b&$vgS__<n#t_~h^$W%Ka&_RYx"
        "dNv+c&u?-"
        "rJCp<65lXKtlUGH>gRqV>c9eaPLVq5n9W80=55Xbl#NPj5G<=ycl@ZG^s$g+3Jk8@pGV?5s$){2}1E%yCXdiy>z=bXw)?c%&Kr1oFVt95l(D<~)^C@3f>C@3f>DEzx%J"
        "Oz8#&PDvqBQEuM{LL~c_?<0C;TwJ4fczWmkN6#3@H?D%Na=$8;EclE7(eoDWWF-tHR|isqY&eBTFu@GKoKd7Jig=4<DXcom?<OaSxFDaS;A+T@HvVrptfD-"
        "$mu%mnuBpY(0E*fe$e-a!P4g;;vcx9q363}PvR}+fz6SM7?hv!lGwT#WZrjG<0mT~zu?V&0ImzDSp"
    ),
    "virtual_new": (
        "c-rk&&1(}u6o0duk2Q@+Z6irVNc7@Cnyw)d?WGCH)&$cmBvSCAgeKTkyOHh&(vxSQ_0XGtfgpGg)SJ+wNB;;ByjbrZ;(V^_HX>-uLFPwxUuNE$H*bD#-"
        "t0W7*Va$R&c#$s1A#F|J;T~M@6W6rd@<{_wi17>T%<i}C@>_5m;#9CBWdzR!W=@bwbMW5jYx_q5pSctZ|G-@A~d6@$~D}fDje>1EqhV;pN9!(9}S+-@DU({9V-"
        "YSG2D|WKxcAmz{n^=aSn=OtPJCIsIhtMcO}d$pYjoB7a(+U{qf7hX9WAf%4)OH>A)h7i>#&A*f3h1hS|E?saBc>#IwXa%*<Pr4TD;Txi#Sm;w9!WMNEda<vOs05cNnNM"
        "wmwJu`{UibkhFh2`=7P+XsKgg|>h#P=-&FnJOFSC$XXMXAejk-tjby#EMGrr}&U~Z%%^?efC_8C>K{FQ{&>*^_Pc~iwmE3;t%`}=B9`zRVQ%sJ4w0A0xQlOq%}xC2F~4"
        "_mcYfUitVcWnzx6<V-gdU^0U-"
        "zbZ)^CCooM*U~&eLuP7pcb~MnYA`#?f``YujX0?8kWg7z77V+sMzP7P$w2fBPVDW7#EWTdX?K*w;N1#1i*|uX1Y|w~aFht@<zPJgzvyJ0ueCiR2W>)ih{m1+Jvz%8P{f"
        "93;-"
        "3N((i?3_^Pnn6^TsF#+?HiumjjGv1zE7`6V^$Q;V7Tk#9LwJ7=L&k^%CcTsF6cSEw5sd)=cV}$1olBbzcLuQj@9c6nYXuqeC=szBVRNMFL$J<+y&w`e);j<r2;zwyi&&"
        "ycadnIU))5rK)<+$2xv*Udn6<zBqSsxBqSsxBqaWSd<TUW07("
    ),
    "group": (
        "c-rk*&2HL25S}#{TuPNht;$b-"
        ";$to$E{c?@7eL??BmxoS(4GnkR%)p+C>V*HnqzwFv5(MW4?XnQV;`fB&^MsAcNTe9F;rDV8)ZL%hS{C<&W^t^(&rEL+Wx&%J_SBB4dSp4VayO;b>3(5J+uVvCECvl8z;"
        "eB7RNX6`eNKs$29%unE<wr5vP{VPU5zpZdML``-"
        "<@a?GJ^IbL~^hx98|j(Vn0^>)TG4uUkv@C6K1Egz=9u@ZvG`e+uz2kLiBshF$_K7%9W<UD%z)=)CHU`typS1Xt9sGhzh8=bb{4#*-"
        "3AcmWzzo0V?Y^Y3FXuyfQJ2WG3=Xt&;UtCgndt=qzNYOt<VIWPg&siAeOUhG_-l34F~1{#-"
        "7x7Dus*VNg4$@2X_LjPl)ukYJOi|fpG(PN9_SamKFi{sdHVygb1d?s**;}yY^5kinhAlSd<Rd!{(QbOy_f$x{z6Y77D;MMBtVf>SNOoe*rPZ!rC?VX3^^T3;%IJP_X{G"
        "3;hbuK53>%UFECpEq&{~W(c_=9c^uhBNjSI0NzaWAXwCJ8lOIG>>Zhm*6hKDM1>OD`J5XWPc!cG1v{y%&bzeL#(P4kUze*3U^{Tzno(*W`bugoK2IgoK2IgoK2Igv51&"
        "K%CS0na-i1?$^U{s`Epn&M$GhA?o~0-"
        "}#ak`9^VgP5UZy=3dRr6zYi#38wpL<@ms|Mmc~&VP`mT$M(Qtw%{DY4$D^!)@yTp^EtJ#D1CF8W%}nP&{tzRWHiXU$N6aev#!&Kcij2YFv7gnyw1&rbk1g@djyaJD(z+"
        "Po<!-g{wUKQRl!dPeiD}JylMD0&&%~<JLbOGF<Vs=^LnVzyas)@KepVZ_nGBCuum;#Y!4lQXHoF?V08}XO9VcO?>TO2{^W+|ugFK~ig8g|)%Q0ZC*eW"
    ),
    "group_new": (
        "c-"
        "rk&L2DC16n?Y2NtT$}G>s+^AwlU$nr=fN;K3v$TN6wZNmNwC5}HL9>PE5~Nl$w4;ze(z=l%deEO^qB;7P=r;D4yS3)Y#PnV76Wp@tk}J~BI*d2im#_r0Cjc~&W}%>~Z{"
        "WmN@^BZmDrZELK5?&={lD&?jW+Lz9`J+jX;#EYN=h}iux@<a-sLUGIo#y8gRN2w99HroD<#w`-J3<C1FMdp@!i!69JOrCpeWlKX=@MBQlb(fC-"
        "Av|0{2=U>=ItpkZl?N(D0kS6`dxVWX%tH>6&>vXf=WN8O2q?ev4_zQJ{WuObmTJXT3l_=Ra3NgE)pfnzsy6Bytx~b3Lnukyebl{PT-RN1AM++!K`2KfMu|(`G94Qd2)P"
        "kSp@ONdKMn>JmQJ^S9=uq3^||?PTBs51f#PhM_*B(6J4p?Rm2Ee}*Zp+D0cVth<6`09)0=5%q0L^4fvd&G>1lCt<J}im3m8a|NgJDPX#aWqW~l|GV;Bz;0O|Bfx9`|y$"
        "KZ9^+JqH=)nhCn>qy!#9a+p%o{)~e)o!|yK#znJ#8ikqhVgV&Se~~2oUSbrbspy@I+~nXwRH^=EN?M)=S_Zb(8yl&dD?zYJ3t=6Q7vwtetEZ1s$Aj6CqF-"
        "xUfZ;GSnKQV>mG5Uw7~NgasnD5(A3xTrd}`Ul)w#%66my@wrx1Sm~`-oW7%fc0+ragjD#Q>Ax5yHjHmDI-kld@HM5$Rw=W&Mzd6f!`6ub=BVQK&7aZo<p8~CJvASBA>|"
        "Y)FT`o0hu0-K+xst5D-|hG8lx<p@Mk=FaR+qKhaz;yOxr>^Hf50yi{1!628+iKp%^=|E=l24R!8`~E2nYxW2nYxW2nYxW2uvMM^0O*G0mh9cQv"
    ),
    "plain": (
        "c-rk)!EVz)5S?}EWGO*SRYa0<sE@r=GEt=>E=iQQ#8T>@xCc1Vh(^K^O;Mdn>8TvcAMgo$00)j7`3ydRKM1?oS>s*dq(UeVu}_I6Gdtsb9?z_mdEaRt-do>Z2M$VM4N8"
        "#46!FPXb-8|mlAydn`O%VgGFz*leG{**`yKZ^k9$uw$bH;3Aysw;{|h=^^BI@VQQt-"
        "R)l&V&(b<s8E7T__F9y*lU8n9X_a#siF+|p%sKAq|(7$Q^IacZ1b<?Q>omm>Ne;4+rIk9dtD_^%PYj#D7oslExo^*;p5t$OmGY1N-ZZiy-"
        "zJ<LY@2Bk_c|qv+f|p^d+4Wf5F2>ojxS)CD0mj*>IGHbbUmpsX?}PzW_=G{PP1q^n$mdd-pFbJx<mUUy%iQGW`^o;F*sER71nwwxMKA+|5UeB6<nPv1WodO~rQ)tY?U%"
        ";3(7$BV)$;P;{*`=8w0ywB`S~ca`;mO^v$e}nG>(~GW%(#6oT&2t-Qhh+)pzpk@x6{e#OCk<rQi6qzn}O$ZS}e&)u3rU9IwwWFJdQ-Mz4lW&8<D!a}V}vuHzm&ab5NSJ"
        "L9~_Yj)Z91<kIX8<P$5&NMJEFfcGMFfcGMFfcIq)8O+D{-"
        "2*F^P9&)=CbBDi=>?I?0^{kJ5Z)jzQ*<J`A)|X9&Z$WMR<$6HlW0Of6j5bes~N}#nD9>X9`(!CvKJV6<gEunqGj#bF3nKPI!%(Z{Iug`d-"
        "lTkk<oC@H!og2k~&c@Ht5Sr_tGP6i4SHw9^G~d=HuDG+&asZw`IlyQ=)jiu1S3kz-(B@Xz2~eOcchbN#P>"
    ),
    "plain_new": (
        "c-rlj(QDH{9LIl`G;NF>om;h?2n~WyI*6rE@TDzjW`bQSjR^C>QCz{umdesW_u_mV6d&}-e?e4y7(VZ>@pXImq2A^0VwVL4EqS^RO|EypUw-"
        "$y@2_{wvEANS(r#+9ssd-mI4RS<!N!*!pF_`X_oe)abUPf8GqFeFXc8b|&z8s?ad*g!y}jWX>tu`6h*%#T{zMlo61PlpGPAING7q>v@cdOCe;E?!pN>9;=_5c02bK^*{"
        "PCzQ0=lL*fQr$C+Eu8{uu;M5khNtTx1vzbckGGlE0DRo{`_4MGmGP3quFV>F08V=$XeRYrqy+wUU%CyTOAAX72>W?_ik&`3cVHPO|*i1oklDYmjmA$2e5`v7?E65Fg5h"
        "Y!N6wa495$Xv^YL`bMODOP*<=ADzj<I3svJ*k{S}b4uO>63oFBfuc!|H%J=Es=S65?q_4#!)Z$KdVOo3(K5Ru=)bJ#7f);;kL#--6H=_<E6-"
        "q~NQ7fB?wEJhRc1hF%7N<C`OviDbz#0>+6#nd!tA^$_f)eXzWBnYtY4ch<yYcmT&$J)Wj3HKCo|{2(>suRE-"
        "|Ctc&F!f~bK4n=2f=XsJINiqll{OO`JfUzSBT_}=5i)PXBp#kcI7q6Carm+@w4eP&3XAz|NhgDS0G52^9K9Uq|Fv<oo2GX6Zt(fdmS|Q*UQUVVeQM&!G53zp8sN~SB>i"
        "Zb)&vsHFTr?z%cL!*m2Hx8AR^}v2p%pkc*A;_X5tOAgU=42m}IwKp+qZ1Omb0dD}?q`UOVj0iX"
    ),
}


def content(name: str) -> bytes:
    """The bytes of a file."""
    return zlib.decompress(base64.b85decode(FILES[name]))
